// node commands.mjs SITE: runs what standard input has to run under Pyodide, and prints what came of it, both in JSON.
// Beside this file is `node_modules` with Pyodide; SITE is a folder of Python packages. No network is needed.
import { readFileSync } from "node:fs";
import { loadPyodide } from "pyodide";

const python = await loadPyodide();
python.FS.mkdirTree("/site");
python.FS.mount(python.FS.filesystems.NODEFS, { root: process.argv[2] }, "/site");
python.globals.set("job_text", readFileSync(0, "utf8"));
const answer = await python.runPythonAsync(`
import contextlib, doctest, io, json, sys
from pathlib import Path

sys.path.insert(0, "/site")
job = json.loads(job_text)
for name, text in job["files"].items():
    Path(name).write_text(text, encoding="utf-8")

import yaml
from cnncalc.cli.app import run

def ran(args):
    """Exit code and streams of a command line."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = run(args)
    return [code, out.getvalue(), err.getvalue()]

def checked(text):
    """What a doctest finds wrong."""
    found = io.StringIO()
    test = doctest.DocTestParser().get_doctest(text, {}, "page", None, 0)
    doctest.DocTestRunner().run(test, out=found.write)
    return found.getvalue()

json.dumps({
    "platform": sys.platform,
    "libyaml": yaml.__with_libyaml__,
    "runs": [ran(args) for args in job["commands"]],
    "examples": checked(job["examples"]),
})
`);
process.stdout.write(answer);
