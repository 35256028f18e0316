{{- define "labels" -}}
app.kubernetes.io/name: image-dashboard
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "image" -}}
{{- with .Values.image -}}
{{- if .digest -}}
{{ .repository }}@{{ .digest }}
{{- else -}}
{{ .repository }}:{{ .tag | default $.Chart.AppVersion }}
{{- end -}}
{{- end -}}
{{- end }}

{{/* What a pod of ours is: nobody in particular, with nothing to write but its folder and /tmp. */}}
{{- define "pod" -}}
automountServiceAccountToken: false
enableServiceLinks: false
{{- with .Values.imagePullSecrets }}
imagePullSecrets: {{ toYaml . | nindent 2 }}
{{- end }}
securityContext:
  runAsNonRoot: true
  runAsUser: 10001
  runAsGroup: 10001
  fsGroup: 10001
  seccompProfile: {type: RuntimeDefault}
{{- end }}

{{- define "container" -}}
image: {{ include "image" . | quote }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: {drop: [ALL]}
{{- end }}

{{/* Secrets are files, of which the environment has the names. */}}
{{- define "environment" -}}
- {name: PUBLIC_URL, value: {{ .Values.publicUrl | quote }}}
- {name: TRUSTED_PROXIES, value: {{ .Values.trustedProxies | quote }}}
- {name: SECRET_KEY_FILE, value: /run/secrets/dashboard/secret_key}
- {name: TOKEN_KEYS_FILE, value: /run/secrets/dashboard/token_keys}
- {name: AUDIT_KEYS_FILE, value: /run/secrets/dashboard/audit_keys}
- {name: CACHE_URL_FILE, value: /run/secrets/dashboard/cache_url}
- {name: CACHE_LISTS_URL_FILE, value: /run/secrets/dashboard/cache_lists_url}
{{- range $name, $value := .Values.settings }}
- {name: {{ $name }}, value: {{ $value | toString | quote }}}
{{- end }}
{{- end }}

{{- define "mounts" -}}
- {name: secrets, mountPath: /run/secrets/dashboard, readOnly: true}
- {name: var, mountPath: /var/lib/image-dashboard}
- {name: tmp, mountPath: /tmp}
{{- end }}

{{- define "volumes" -}}
- name: secrets
  secret: {secretName: {{ .Values.secret | quote }}, defaultMode: 0440}
- name: var
  emptyDir: {sizeLimit: 256Mi}
- name: tmp
  emptyDir: {sizeLimit: 64Mi}
{{- end }}
