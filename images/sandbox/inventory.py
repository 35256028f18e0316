"""The images of the sandbox: invented, varied, and the same for the same seed.

An image is a function of (account key, regions, index) alone. So a region of 100,000 images costs
nothing until somebody reads it, and a seed gives the same bytes on every machine. The vocabulary
is in `tables.json`; shares and odds are below. Every field has its documented type; a few are
empty, null or absent, as the vendor's documents allow. Times are Unix milliseconds, sizes bytes.
"""

import base64
import copy
import json
import struct
from bisect import bisect_left
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from itertools import combinations
from pathlib import Path
from typing import Any

Image = dict[str, Any]

encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
quoted = json.encoder.encode_basestring

HERE = Path(__file__).parent
TABLES: dict[str, Any] = json.loads((HERE / "tables.json").read_text("utf-8"))
SAMPLE: Image = json.loads((HERE / "sample.json").read_text("utf-8"))

GIB = 2**30
DAY_MS = 86_400_000
# The newest moment in the inventory. Fixed, or a seed would not give the same bytes tomorrow.
EPOCH = datetime(2025, 6, 1, tzinfo=UTC)
EPOCH_MS = int(EPOCH.timestamp()) * 1000
DAYS = [(EPOCH - timedelta(days=n + 1)).strftime("%Y%m%d") for n in range(1600)]

# Tables of finished JSON, likelier rows repeated. Undocumented values are plausible guesses: the
# vendor documents only Ready, uncheck, and the two scenes.
SYSTEMS = [
    (
        f"{row['osFamily'].split()[0].lower()}{row['osVersion'].split(' ')[0]}",
        encode({name: row[name] for name in row if name != "share"})[1:-1],
    )
    for row in TABLES["systems"]
    for _ in range(row["share"])
]
ODD_NAMES: list[str] = [*TABLES["oddNames"], "a-very-long-name-" + "x" * 238]
PATTERNS: tuple[list[str], ...] = tuple(TABLES["namePatterns"][of] for of in ("base", "gpu"))
VOCABULARY = [
    {word: rows[n * step % len(rows)] for word, step, rows in TABLES["words"]} for n in range(997)
]
DESCRIPTIONS = [encode(text * times) for text, times in TABLES["descriptions"]]
STATUSES = ("Ready",) * 191 + ("Failed",) * 4 + ("Disabled",) * 3 + ("Creating", "Importing")
CHECK_STATES = ("uncheck",) * 16 + ("checked",) * 3 + ("checkFailed",)
SCENES = (('["base"]',) * 4, ('["gpu"]',) * 3 + ('["base","gpu"]',))
TAGS = ["[]"] * 60 + [encode(tags) for tags in TABLES["tags"]]
DC2_TYPES = [encode(types) for types in TABLES["dc2Types"]]
BOOLEANS = ("false", "true")
# Largest size in GiB, one of which an image draws; its size is a quarter of that or more.
SIZE_CLASSES = (1, 2, 2, 4, 4, 4, 8, 8, 8, 16, 16, 32, 64, 128, 200)
DISK_SIZES = [disk * GIB for disk in (8, 20, 40, 50, 100, 200, 500)]

# An index in these places of every forty is one image seen in both regions.
SHARED_PERIOD = 40
SHARED_PLACES = {
    ("gz", 7): ("gz", "bj"),
    ("bj", 7): ("gz", "bj"),
    ("bj", 26): ("bj", "sh"),
    ("sh", 26): ("bj", "sh"),
}

REGION_IDS: tuple[str, ...] = tuple(region["id"] for region in TABLES["regions"])
DRAWS = struct.Struct("<12I")
# A mix of healthy storages is that much likelier than one with a storage that is down.
HEALTHY_SHARE = 30


def regions() -> list[dict[str, Any]]:
    """Return the region list: `gz` and `bj` are the vendor's, `sh` is invented."""
    return copy.deepcopy(TABLES["regions"])


def standard_images() -> list[dict[str, Any]]:
    """Return the vendor's own images, as `image/list` has them: the same in every region."""
    return copy.deepcopy(TABLES["standardImages"])


def regions_of(region: str, index: int) -> tuple[str, ...]:
    """Return the regions in which the image at `index` of `region` is seen."""
    return SHARED_PLACES.get((region, index % SHARED_PERIOD), (region,))


def storage_mixes(region_ids: tuple[str, ...]) -> list[tuple[list[str], list[dict[str, str]]]]:
    """Every (zones, backup storages) an image of these regions may have, likelier ones repeated."""
    zones = [z["id"] for r in TABLES["regions"] if r["id"] in region_ids for z in r["zone"]]
    pool = [row for row in TABLES["storages"] if row["zone"].lower() in zones]
    mixes = []
    for size in range(1, 5):
        for mix in combinations(pool, size):
            seen = sorted({row["zone"].lower() for row in mix}, key=zones.index)
            if {zone[:2] for zone in seen} != set(region_ids):
                continue
            healthy = all(r["state"] == "Enabled" and r["status"] == "Connected" for r in mix)
            mixes += [(seen, list(mix))] * (HEALTHY_SHARE if healthy else 1)
    return mixes


REGION_SETS = {*SHARED_PLACES.values(), *((region,) for region in REGION_IDS)}
REGION_LISTS = {ids: encode(ids) for ids in REGION_SETS}
MIXES = {
    ids: [(encode(zones), encode(mix)) for zones, mix in storage_mixes(ids)] for ids in REGION_SETS
}


def encoded_image(key: str, region_ids: tuple[str, ...], index: int) -> bytes:
    """Return the vendor-shaped image at `index` for the account `key`, as compact JSON.

    Text from encoded pieces, because a dict for `json.dumps` costs three times as much: 40 µs an
    image, most of the time of a page of 100.
    """
    digest = blake2b(f"{key}/{'+'.join(region_ids)}/{index}".encode(), digest_size=64).digest()
    system, place, naming, words, told, age, touched, bulk, state, sharing, tagged, needs = (
        DRAWS.unpack_from(digest, 16)
    )
    zones, storages = MIXES[region_ids][place % len(MIXES[region_ids])]
    stored = f'"backupStorages":{storages},' if place // 65_536 % 60 else ""
    gpu = naming % 5 == 0
    day = DAYS[age % len(DAYS)]
    created = EPOCH_MS - DAY_MS * (age % len(DAYS)) - 1000 * (touched % 86_400)
    changed = created if touched % 3 else created + (EPOCH_MS - created) * (touched % 97) // 97
    limit = SIZE_CLASSES[bulk % len(SIZE_CLASSES)] * GIB
    size = limit // 4 + bulk * 512 % (limit * 3 // 4)
    os_name, os_fields = SYSTEMS[system % len(SYSTEMS)]
    external, shared = BOOLEANS[sharing % 5 == 0], BOOLEANS[sharing // 256 % 12 == 0]
    name = odd_name(index)
    if name is None:
        name = usual_name(gpu, naming // 256, words, day, os_name)
    return (
        f'{{{stored}"checkState":"{CHECK_STATES[state // 256 % len(CHECK_STATES)]}",'
        f'"cimgId":"cimg-{base64.b32encode(digest[:5]).decode().lower()}",'
        f'"cimgTags":{TAGS[tagged % len(TAGS)]},"cimgUuid":"{digest[:16].hex()}",'
        f'"createTime":{created},"description":{DESCRIPTIONS[told % len(DESCRIPTIONS)]},'
        f'"isExternal":{external},"isShared":{shared},'
        f'"name":{quoted(name)},{os_fields},"regions":{REGION_LISTS[region_ids]},'
        f'"requirement":{requirement(size, needs)},"scenes":{SCENES[gpu][naming // 5 % 4]},'
        f'"size":{size},"status":"{STATUSES[state % len(STATUSES)]}","type":"custom",'
        f'"updateTime":{changed},"zones":{zones}}}'
    ).encode()


def odd_name(index: int) -> str | None:
    """Return a name nobody expects, or None.

    Each comes once in the first few hundred images, then rarely: hostile strings must be on the
    first screens, not only deep in a large inventory.
    """
    turn, place = divmod(index, 9)
    if place == 4 and (turn < len(ODD_NAMES) or turn % 12 == 0):
        return ODD_NAMES[turn % len(ODD_NAMES)]
    return None


def usual_name(gpu: bool, naming: int, words: int, day: str, os_name: str) -> str:
    """Return a name as teams give them."""
    patterns = PATTERNS[gpu]
    return patterns[naming % len(patterns)].format(
        **VOCABULARY[words % len(VOCABULARY)],
        os=os_name,
        major=1 + words // 4096 % 4,
        minor=words // 65_536 % 20,
        day=day,
        year=day[:4],
    )


def requirement(size: int, draw: int) -> str:
    """Return the smallest machine that boots the image; null for a few, as the vendor may."""
    if draw % 50 == 0:
        return "null"
    fits = bisect_left(DISK_SIZES, size)
    disk = DISK_SIZES[min(fits + draw // 64 % 2, len(DISK_SIZES) - 1)]
    machine = types = ""
    if draw % 5 == 1:
        memory = GIB << draw // 4096 % 6
        machine = f',"minCpuNum":{1 << draw // 256 % 5},"minMemorySize":{memory}'
    if draw % 8 == 2:
        types = f',"dc2Types":{DC2_TYPES[draw // 512 % len(DC2_TYPES)]}'
    return f'{{"minDiskSize":{disk}{machine}{types}}}'
