"""An image's item as the cloud sent it, kept small: panels and exports alone look at it.

It is compressed by itself, so that one image can be read without the others, against a text that
has what all of them repeat: the names of the fields and the values that are common, as the vendor's
document of cimg/list shows them.
"""

from __future__ import annotations

import hashlib
import zlib

_STORAGE = (
    '{"bsUuid":"","diskType":"HE","name":"ceph-bj01-he","state":"Enabled","status":"Connected",'
    '"type":"Ceph","zone":"BJ01"},{"bsUuid":"","diskType":"SSD","name":"S3-Backup-Storage",'
    '"state":"Disabled","status":"Disconnected","type":"LocalStorage","zone":"GZ02"}'
)
_JOB = '"job":{"jobUuid":"","type":"ImportCIMG","progress":0,"done":false,"success":false}'
_REQUIREMENT = '"requirement":{"dc2Types":[],"minCpuNum":1,"minMemorySize":0,"minDiskSize":'
_ITEM = (
    '"checkState":"uncheck","cimgId":"cimg-","cimgTags":["","isExternal":true,"isShared":true,'
    '"osArch":"64bit","osFamily":"Windows","osVersion":"2019","platform":"Windows","regions":["gz"'
    '],"zones":["gz02"],"scenes":["base"],"size":,"status":"Ready","type":"custom","updateTime":1'
    '"backupStorages":[' + _STORAGE + '],"checkState":"checked","cimgId":"cimg-","cimgTags":[],'
    '"cimgUuid":"","createTime":1,"description":"","isExternal":false,"isShared":false,"name":"",'
    '"osFamily":"CentOS","osVersion":"7","osArch":"64bit","platform":"Linux","regions":["bj"],'
)
DICTIONARY = f"{{{_JOB},{_ITEM}{_REQUIREMENT}}}".encode()
# What is packed can be unpacked with the same text alone.
DICTIONARY_ID = hashlib.blake2b(DICTIONARY, digest_size=4).hexdigest()
# Higher ones save two bytes in a hundred, and take half as long again.
LEVEL = 3
# Without a header and a checksum, which the entry of the cache has.
RAW_DEFLATE = -15


def pack_item(item: bytes) -> bytes:
    """Return an item of JSON, packed."""
    packing = zlib.compressobj(LEVEL, wbits=RAW_DEFLATE, zdict=DICTIONARY)
    return packing.compress(item) + packing.flush()


def unpack_item(packed: bytes) -> bytes:
    """Return the item that was packed, to the byte."""
    unpacking = zlib.decompressobj(wbits=RAW_DEFLATE, zdict=DICTIONARY)
    return unpacking.decompress(packed) + unpacking.flush()
