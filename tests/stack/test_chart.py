"""The Helm chart: linted and rendered by Helm itself, and held against Kubernetes' own schemas."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from tests.dashboards import ROOT

HOW = "NOT TRIED: pip install helm-python-sdk kubernetes-validate"
chart = pytest.importorskip("helm_python.chart", reason=HOW)
kubernetes_validate = pytest.importorskip("kubernetes_validate", reason=HOW)

pytestmark = pytest.mark.thorough

CHART = str(ROOT / "deploy" / "helm")
OTHERWISE: dict[str, Any] = {
    "ownerSecret": "",
    "networkPolicy": {"enabled": False},
    "image": {"digest": f"sha256:{'0' * 64}"},
    "imagePullSecrets": [{"name": "registry"}],
    "settings": {"LOG_LEVEL": "INFO", "API_REQUESTS_PER_MINUTE": 600},
}


@pytest.mark.parametrize("values", [{}, OTHERWISE], ids=["as it is", "otherwise"])
@pytest.mark.parametrize("version", ["1.30", "1.34"])
def test_helm_finds_no_fault_and_kubernetes_would_take_it(
    values: dict[str, Any], version: str
) -> None:
    report = chart.lint(CHART, values, strict=True, kube_version=f"v{version}.0")
    assert report["errors"] == []
    # An icon is recommended, which is 1: information.
    assert [each for each in report["messages"] if each["severity"] > 1] == []

    rendered = chart.Chart.load(CHART).render(values, name="images", namespace="images")

    found = [each for text in rendered.values() for each in yaml.safe_load_all(text) if each]
    for manifest in found:
        kubernetes_validate.validate(manifest, version, strict=True)
    kinds = sorted(manifest["kind"] for manifest in found)
    policy = [] if values else ["NetworkPolicy"]
    others = ["PodDisruptionBudget", "Service"]
    assert kinds == ["Deployment", "Deployment", "Job", *policy, *others]


def test_no_pod_may_more_than_it_needs_and_no_secret_is_in_the_environment() -> None:
    rendered = chart.Chart.load(CHART).render({}, name="images", namespace="images")
    manifests = [each for text in rendered.values() for each in yaml.safe_load_all(text) if each]
    pods = [each["spec"]["template"]["spec"] for each in manifests if "template" in each["spec"]]

    assert len(pods) == 3
    for pod in pods:
        assert pod["automountServiceAccountToken"] is False
        assert pod["securityContext"]["runAsNonRoot"] is True
        [container] = pod["containers"]
        assert container["securityContext"]["readOnlyRootFilesystem"] is True
        assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
        assert set(container["resources"]) == {"requests", "limits"}
        names = {each["name"]: each["value"] for each in container["env"]}
        assert all(name.endswith("_FILE") for name in names if "KEY" in name or "DATABASE" in name)
    owners = [pod for pod in pods if "owner_url" in str(pod)]
    assert [pod["containers"][0]["args"] for pod in owners] == [["manage", "prepare"]]


@pytest.mark.parametrize(
    "values",
    [{"publicUrl": "https://a.example.com/path"}, {"secret": ""}, {"replicas": 3}],
)
def test_values_that_make_no_sense_are_refused(values: dict[str, Any]) -> None:
    with pytest.raises(Exception, match="specifications of the schema"):
        chart.Chart.load(CHART).render(values, name="images")
