"""Debian's botocore is older than the newest operations and members: importing this gives it the service models that we
serve. Import it before a client is made."""

import atexit
import os
import pathlib
import shutil
import tempfile

_MODELS = pathlib.Path(__file__).parents[2] / "data" / "models"
_folder = tempfile.TemporaryDirectory()
atexit.register(_folder.cleanup)
for _service, _version in (("kms", "2014-11-01"), ("cloudhsmv2", "2017-04-28")):
    _to = pathlib.Path(_folder.name) / _service / _version
    _to.mkdir(parents=True)
    shutil.copy(_MODELS / f"{_service}-{_version}.json", _to / "service-2.json")
os.environ["AWS_DATA_PATH"] = _folder.name
