"""The head of a notebook's first code cell: it brings the version of `course_utils` that belongs to the notebook.

It runs before there is anything of ours to import, so all it does stands in the notebook itself.
"""

from __future__ import annotations

import json

from autograder.publish.published import Published, wheel_name

# Which version belongs to a notebook stays open until it is released: a notebook would change with every change of
# the package, whatever unit it concerns. Until then a wheel beside the notebook decides.
_ANY_WHEEL = wheel_name("*")

_INSTALL = '''\
# Run this cell first, and again after every restart of the kernel. It installs course_utils, the course's
# package, where it is missing or not the version of this notebook; torch and NumPy stay as they are.
def install_course_utils(page, wheel):
    """Install `wheel`, or the newer one that `page` names: from a file beside the notebook, else from the page."""
    import importlib.metadata
    import importlib.util
    import re
    import shutil
    import subprocess
    import sys
    import zipfile
    from pathlib import Path
    from urllib.request import urlopen

    def installed():
        importlib.invalidate_caches()
        try:
            return importlib.metadata.version("course_utils")
        except importlib.metadata.PackageNotFoundError:
            return None

    def version(file):
        return Path(file).name.split("-")[1]

    def date(file):
        return file.stat().st_mtime

    def number(text):
        return [int(digits) for digits in re.findall("[0-9]+", text.split(".post")[0])]

    before, spec = installed(), importlib.util.find_spec("course_utils")
    if spec and spec.origin:
        package = Path(spec.origin).parent
        if before is None or package.parent.name not in ("site-packages", "dist-packages"):
            return print("course_utils is taken from", package)  # the staff's own copy
    else:
        before = None  # only remains of one

    folders = [Path.cwd(), Path.cwd().parent, Path("/content/drive/MyDrive/Colab Notebooks")]
    files, broken = set(), []
    for file in [file for folder in folders for file in folder.glob("*course_utils-*-py3-none-any*")]:
        # A browser that saves it again writes "...any (1).whl", which pip takes for no wheel.
        name = "course_utils-" + re.search("course_utils-(.*?)-py3-none-any", file.name)[1] + "-py3-none-any.whl"
        named = file.with_name(name)
        if not zipfile.is_zipfile(file):
            broken.append(file)  # half a download
            continue
        if not zipfile.is_zipfile(named):
            try:
                shutil.copy2(file, named)
            except OSError:
                print(f"Rename {file} to {name}, and run this cell again: it can't be copied here.")
                continue
        files.add(named)
    files = sorted(files, key=lambda file: (number(version(file)), date(file)))
    newest = None
    if page and ("*" not in wheel or not files):
        try:
            answer = urlopen(page + "/course_utils.txt", timeout=5).read().decode().strip()
            newest = answer if answer.endswith(".whl") else None
        except Exception:  # no network, or no such page
            pass
    wheel = newest or wheel
    beside = [file for file in files if file.match(wheel)]
    sources = [str(file) for file in beside[-1:]]
    if not beside or "*" not in wheel:
        sources.append(f"{page}/{wheel}".lstrip("/"))
    if not beside and not newest and before is None:
        beside = files  # better than none
        sources += [str(file) for file in beside[-1:]]
    if before and version(sources[0]) in (before, "*"):
        return print(f"course_utils {before} is there.")
    if before and "*" in wheel:
        own = [file for file in files if version(file) == before] or [Path(spec.origin)]
        if (number(version(beside[-1])), date(beside[-1])) < (number(before), date(own[-1])):
            advice = f'to have that one, run `%pip install "{beside[-1]}"`.'
            return print(f"course_utils {before} stays, since {beside[-1]} is older; {advice}")

    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--retries", "1"]
    errors = ""
    for source in sources:
        run = subprocess.run([*pip, source], capture_output=True, text=True)
        errors += run.stderr
        if run.returncode == 0:
            break
    if run.returncode == 0 and installed() == version(source):
        for name in [name for name in sys.modules if name.split(".")[0] == "course_utils"]:
            del sys.modules[name]  # what this kernel had of an older version
        print(f"course_utils {version(source)} was installed from {source}")
        if "*" in wheel and len({version(file) for file in beside}) > 1:
            print("It is the newest by number and date of those beside the notebook: delete the older ones.")
        if not Path(source).match(wheel):
            print(f"This notebook needs another version: save {sources[0]} in {Path.cwd()}, and run this cell again.")
        return
    if run.returncode == 0:
        advice = "course_utils was installed where this kernel does not look yet: restart the kernel"
    elif "No module named pip" in errors:
        advice = f"course_utils can't be installed without pip: run in a terminal `uv pip install {sources[0]}`"
    elif beside:
        advice = f"course_utils could not be installed from {' or '.join(sources)}: mend what pip says below"
    else:
        advice = f"course_utils is not here and could not be fetched: save {source} in {Path.cwd()}"
        if broken:
            advice += f" in place of {broken[-1]}, which is broken"
    advice += ", and run this cell again."
    if before is None:
        raise RuntimeError(f"{advice}\\n{errors.strip()}")
    print(f"{advice} Until then you work with version {before}.")


'''


def setup_cell(published: Published, code: str) -> str:
    """The first code cell of a notebook.

    Args:
        published: where the release will be found.
        code: the unit's own set-up.
    """
    # The example's address is nobody's, and could become anybody's.
    page = "" if published.is_placeholder else published.file("").rstrip("/")
    return f"{_INSTALL}install_course_utils({json.dumps(page)}, {json.dumps(_ANY_WHEEL)})\n\n{code}"


def with_version(notebook: str, wheel: str) -> str:
    """The text of a notebook, whose set-up cell asks for this wheel now."""
    return notebook.replace(_ANY_WHEEL, wheel)
