"""Cloister from Python: list and publish studies, open results, ask datasets.

One file, standard library only; opening results also needs the package ``cryptography``, and data frames need ``pandas``.

    from cloister import Cloister
    c = Cloister()                      # signed in by "cloister login", or CLOISTER_SERVER and CLOISTER_TOKEN
    for study in c.studies():
        print(study["studyId"], study["title"])
    df = c.results("std_...", purpose="Preregistered analysis of the flanker effect").to_pandas()
    table = c.ask("clinical_trial_data", sql="SELECT arm, count(*) AS people FROM subjects GROUP BY arm")

Keys and content stay in memory; nothing here stores or logs them.
"""
from __future__ import annotations

import base64
import hashlib
import json
import os
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
import zlib
from pathlib import Path
from typing import Any, Callable, Iterator, Optional

__all__ = ["Cloister", "CloisterError", "JobFailed", "Results", "Run"]

_OPENING_PAGE = 50
_UPLOAD_PAGE = 500
_MAX_INFLATED = 256 * 1024 * 1024
_PLATFORM_COLUMNS = ("run_id", "run_condition", "run_version", "part", "seq")
# The same as the command line sends, so that the same folder is the same version from either.
_TYPES = {
    "html": "text/html; charset=utf-8", "htm": "text/html; charset=utf-8", "css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8",
    "mjs": "text/javascript; charset=utf-8", "json": "application/json", "csv": "text/csv; charset=utf-8", "tsv": "text/tab-separated-values; charset=utf-8",
    "txt": "text/plain; charset=utf-8", "md": "text/markdown; charset=utf-8", "vtt": "text/vtt; charset=utf-8", "xml": "application/xml", "png": "image/png",
    "jpg": "image/jpeg", "jpeg": "image/jpeg", "gif": "image/gif", "webp": "image/webp", "avif": "image/avif", "svg": "image/svg+xml", "bmp": "image/bmp",
    "ico": "image/x-icon", "mp3": "audio/mpeg", "wav": "audio/wav", "ogg": "audio/ogg", "oga": "audio/ogg", "m4a": "audio/mp4", "aac": "audio/aac",
    "flac": "audio/flac", "opus": "audio/ogg", "mp4": "video/mp4", "webm": "video/webm", "ogv": "video/ogg", "mov": "video/quicktime", "m4v": "video/mp4",
    "woff": "font/woff", "woff2": "font/woff2", "ttf": "font/ttf", "otf": "font/otf", "wasm": "application/wasm", "pdf": "application/pdf",
    "zip": "application/zip",
}


class CloisterError(Exception):
    """The server answered with a problem (RFC 9457), or could not be reached. ``kind`` is stable; ``errors`` names wrong fields."""

    def __init__(self, message: str, kind: str, status: int = 0, errors: Optional[list] = None):
        super().__init__(message)
        self.kind, self.status, self.errors = kind, status, errors or []

    def __str__(self) -> str:
        lines = [f"{super().__str__()} ({self.kind})"] + [f"  {e.get('path', '')} {e.get('message', '')}" for e in self.errors]
        if self.kind in ("login-too-old", "sign-in-required"):
            lines.append('  Run "cloister login", approve it, and try again.')
        return "\n".join(lines)


class JobFailed(Exception):
    """A job ended without a release. ``job`` is the whole job; ``code`` is stable (``cohort-too-small``, ``script-error``, ...)."""

    def __init__(self, job: dict):
        problem = job.get("problem") or {}
        where = "".join(f", {k} {problem[k]}" for k in ("cell", "line") if k in problem)
        error = f" {problem['errorClass']}" if "errorClass" in problem else ""
        super().__init__(f"{job['jobId']} {job['state']}: {problem.get('message', 'Nothing was released.')}{error}{where}")
        self.job, self.code = job, problem.get("code")


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A token must not follow a redirect to somebody else."""

    def redirect_request(self, *_: Any) -> None:
        return None


_opener = urllib.request.build_opener(_NoRedirect)


def _origin(server: str) -> str:
    url = urllib.parse.urlsplit(server)
    loopback = url.hostname in ("127.0.0.1", "localhost", "::1")
    if url.scheme != "https" and not (url.scheme == "http" and loopback):
        raise ValueError(f"{server} is not https: a token sent there could be read on the way")
    return f"{url.scheme}://{url.netloc}"


def _stored() -> dict:
    base = os.environ.get("XDG_CONFIG_HOME") or os.path.join(os.path.expanduser("~"), ".config")
    try:
        return json.loads(Path(base, "cloister", "credentials.json").read_text("utf-8"))
    except FileNotFoundError:
        return {}


class Cloister:
    """A server and who one is to it. Without arguments: CLOISTER_SERVER and CLOISTER_TOKEN, else the sign-in of ``cloister login``."""

    def __init__(self, server: Optional[str] = None, token: Optional[str] = None, timeout: float = 60):
        stored = _stored()
        self.server = _origin(server or os.environ.get("CLOISTER_SERVER") or stored.get("current") or "http://127.0.0.1:4280")
        self._token = token or os.environ.get("CLOISTER_TOKEN") or stored.get("servers", {}).get(self.server, {}).get("token")
        self.timeout = timeout
        self._unanswered: dict = {}

    def __repr__(self) -> str:
        return f"Cloister({self.server!r})"

    # -- requests ---------------------------------------------------------------------------------------------------------------

    def _call(self, method: str, path: str, *ids: str, query: Optional[dict] = None, body: Any = None, more: Optional[dict] = None) -> Any:
        """Sends one request. ``{}`` in the path are filled with ``ids``, percent-encoded."""
        address = self.server + path.format(*(urllib.parse.quote(i, safe="") for i in ids))
        given = {k: str(v) for k, v in (query or {}).items() if v is not None}
        if given:
            address += "?" + urllib.parse.urlencode(given)
        headers = {"Accept": "application/json", **(more or {})}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        data = None
        if body is not None:
            data, headers["Content-Type"] = json.dumps(body).encode(), "application/json"
        try:
            with _opener.open(urllib.request.Request(address, data=data, headers=headers, method=method), timeout=self.timeout) as answer:
                text = answer.read()
                return json.loads(text) if text else None
        except urllib.error.HTTPError as e:
            try:
                problem = json.loads(e.read())
            except ValueError:
                problem = {}
            raise CloisterError(problem.get("detail") or f"The server answered {e.code}.", problem.get("kind") or "internal", e.code, problem.get("errors")) from None
        except (urllib.error.URLError, TimeoutError, ConnectionError):
            raise CloisterError("The server cannot be reached. Check the address and the connection.", "unreachable") from None

    def _start(self, path: str, *ids: str, body: Any = None, key: Optional[str] = None) -> Any:
        """Sends a request that starts something under an Idempotency-Key: the same one for as long as no answer comes, so that nothing is started twice."""
        what = json.dumps([path, ids, body], sort_keys=True)
        key = self._unanswered.setdefault(what, key or str(uuid.uuid4()))
        for wait in (0.5, 1, 2, None):
            try:
                answer = self._call("POST", path, *ids, body=body, more={"Idempotency-Key": key})
            except CloisterError as e:
                unanswered = e.kind == "unreachable" or e.status >= 500
                if not unanswered:
                    del self._unanswered[what]
                if not unanswered or wait is None:
                    raise
                time.sleep(wait)
            else:
                del self._unanswered[what]
                return answer

    def _pages(self, path: str, *ids: str, **query: Any) -> Iterator[dict]:
        after = None
        while True:
            page = self._call("GET", path, *ids, query={**query, "limit": 200, "after": after})
            yield from page["items"]
            after = page.get("next")
            if after is None:
                return

    # -- what is there ----------------------------------------------------------------------------------------------------------

    def me(self) -> dict:
        """Who I am and where I belong."""
        return self._call("GET", "/api/me")

    def organisation(self, wanted: Optional[str] = None) -> str:
        """The id of an organisation: by id or name, or the only one I belong to."""
        mine = self.me()["memberships"]
        found = [m for m in mine if wanted is None or wanted in (m["organisationId"], m["organisation"])]
        if len(found) != 1:
            names = ", ".join(f"{m['organisation']} ({m['organisationId']})" for m in mine) or "none"
            raise ValueError(f"Say which organisation; yours: {names}")
        return found[0]["organisationId"]

    def studies(self, organisation: Optional[str] = None) -> list:
        """Studies that I may see."""
        return list(self._pages("/api/organisations/{}/studies", self.organisation(organisation)))

    def study(self, study_id: str) -> dict:
        return self._call("GET", "/api/studies/{}", study_id)

    def runs(self, study_id: str, state: Optional[str] = None, previews: bool = False) -> list:
        """Runs of a study, newest first, without content."""
        return list(self._pages("/api/studies/{}/runs", study_id, state=state, preview=None if previews else "false"))

    def links(self, study_id: str) -> list:
        return list(self._pages("/api/studies/{}/links", study_id))

    def make_link(self, study_id: str, kind: str = "general", **more: Any) -> dict:
        """A new link for participants: general, single, personal or preview. ``hours`` (1 to 720), ``quota``, ``label``."""
        return self._start("/api/studies/{}/links", study_id, body={"kind": kind, **more})

    # -- publishing -------------------------------------------------------------------------------------------------------------

    def publish(self, folder: "str | os.PathLike", study_id: Optional[str] = None, organisation: Optional[str] = None, note: str = "", launch: bool = False) -> dict:
        """Publishes a folder with ``study.json`` (or a web study with ``index.html``) as a new version; makes the study when no id is given.
        Answers the version, with its ``studyId``. Publishing what is published already answers that version."""
        root = Path(folder)
        files, description = _files(root), {}
        if "study.json" in files:
            description = json.loads(files.pop("study.json").read_text("utf-8-sig"))
        elif "index.html" in files:
            description = {"configuration": {"kind": "web", "entry": "index.html"}}
        else:
            raise ValueError(f"There is no study.json and no index.html in {root}")
        configuration = description.get("configuration", description)
        if study_id is None:
            title = description.get("title") or configuration.get("title") or root.resolve().name
            body = {"title": title[:120], "description": description.get("description") or "", "requestId": str(uuid.uuid4())}
            study_id = self._start("/api/organisations/{}/studies", self.organisation(organisation), body=body)["studyId"]
        expects = self.study(study_id)["version"]
        assets = [_asset(name, path) for name, path in sorted(files.items())]
        for at in range(0, len(assets), _UPLOAD_PAGE):
            some = assets[at:at + _UPLOAD_PAGE]
            for answer in self._call("POST", "/api/studies/{}/uploads", study_id, body={"assets": some})["assets"]:
                if answer.get("upload"):
                    self._send(answer["upload"], files[answer["path"]])
        version = self._start("/api/studies/{}/versions", study_id, body={"configuration": configuration, "assets": assets, "note": note, "expects": expects})
        now = self.study(study_id)
        if launch and now["state"] != "live":
            self._call("POST", "/api/studies/{}/state", study_id, body={"state": "live", "rev": now["rev"]})
        return {**version, "studyId": study_id}

    def _send(self, link: dict, path: Path) -> None:
        with path.open("rb") as f:
            headers = {**link["headers"], "Content-Length": str(path.stat().st_size)}
            try:
                _opener.open(urllib.request.Request(link["url"], data=f, headers=headers, method=link["method"]), timeout=self.timeout).close()
            except urllib.error.HTTPError as e:
                raise CloisterError(f"The store refused {path.name}.", "upload", e.code) from None
            except (urllib.error.URLError, TimeoutError, ConnectionError):
                raise CloisterError(f"The connection broke while sending {path.name}. Publish again: what has arrived is not sent twice.", "unreachable") from None

    # -- datasets and jobs ------------------------------------------------------------------------------------------------------

    def datasets(self, organisation: Optional[str] = None) -> list:
        """The catalogue: what I may see, with declared schema, policy and budget. Never a value."""
        return list(self._pages("/api/organisations/{}/datasets", self.organisation(organisation)))

    def dataset(self, wanted: str, organisation: Optional[str] = None) -> dict:
        """A dataset by its id, or by its catalogue name."""
        if wanted.startswith("dat_"):
            return self._call("GET", "/api/datasets/{}", wanted)
        found = [d for d in self.datasets(organisation) if d["name"] == wanted]
        if len(found) != 1:
            raise ValueError(f"There is no dataset {wanted!r} that you can see")
        return found[0]

    def ask(self, dataset: str, sql: Optional[str] = None, *, code: Optional[str] = None, language: Optional[str] = None, file: "str | os.PathLike | None" = None,
            cohort: Optional[list] = None, parameters: Optional[dict] = None, mode: str = "rules", purpose: str = "", epsilon: Optional[float] = None,
            declared: Optional[list] = None, limits: Optional[dict] = None, title: Optional[str] = None, key: Optional[str] = None, wait: bool = True, timeout: float = 3600) -> Any:
        """Asks a dataset, and answers what was released as ``result`` does. Give ``sql``, or a ``file`` (.sql, .py, .R, .ipynb), or ``code`` with its ``language``.

        ``cohort`` is a list of filters, ``[{"table": "subjects", "column": "age", "is": "between", "from": 60}]``. ``declared`` is for scripts under noise:
        ``[{"name": "mean", "low": 0, "high": 30}]``. With ``wait=False`` answers the job at once. The same ``key`` twice answers the same job.
        Raises ``JobFailed`` when nothing was released, ``TimeoutError`` when it takes longer than ``timeout`` seconds or waits for people."""
        if sum(x is not None for x in (sql, code, file)) != 1:
            raise ValueError("Give one of sql, code and file")
        if sql is not None:
            code, language = sql, "sql"
        elif file is not None:
            path = Path(file)
            code, language = path.read_text("utf-8"), language or {".sql": "sql", ".py": "python", ".r": "r", ".ipynb": "notebook"}.get(path.suffix.lower())
        if language is None:
            raise ValueError("Say which language: sql, python, r or notebook")
        body = {"dataset": dataset, "cohort": cohort or [], "language": language, "code": code, "parameters": parameters or {}, "mode": mode, "purpose": purpose, "declared": declared or [], "limits": limits or {}}
        body.update({k: v for k, v in (("epsilon", epsilon), ("title", title)) if v is not None})
        job = self._start("/api/jobs", body=body, key=key)
        return self.result(job["jobId"], timeout=timeout) if wait else job

    def quote(self, dataset: str, sql: str, **more: Any) -> dict:
        """What a query would cost and which rules apply; touches no data."""
        return self._call("POST", "/api/quotes", body={"dataset": dataset, "language": "sql", "code": sql, "mode": "rules", **more})

    def jobs(self, state: Optional[str] = None, dataset: Optional[str] = None, limit: int = 50) -> list:
        """My jobs, newest first."""
        found = []
        for job in self._pages("/api/jobs", state=state, datasetId=dataset and self.dataset(dataset)["datasetId"]):
            if len(found) >= limit:
                break
            found.append(job)
        return found

    def job(self, job_id: str) -> dict:
        return self._call("GET", "/api/jobs/{}", job_id)

    def cancel(self, job_id: str) -> dict:
        return self._call("POST", "/api/jobs/{}/cancellation", job_id)

    def result(self, job: "str | dict", timeout: float = 3600, raw: bool = False) -> Any:
        """What a job released, waiting for its end: a data frame where pandas is there, else a list of dicts; several outputs as a dict by name.
        A suppressed cell is ``None`` (``NaN``). ``raw=True`` answers the platform's own document, with every cell's precision and the release card."""
        job_id = job["jobId"] if isinstance(job, dict) else job
        self._over(job_id, timeout)
        released = self._call("GET", "/api/jobs/{}/result", job_id)
        if raw:
            return released
        tables = {o["name"]: _table(o) for o in released["outputs"]}
        return next(iter(tables.values())) if len(tables) == 1 else tables

    def _over(self, job_id: str, timeout: float) -> None:
        until, pause = time.monotonic() + timeout, 0.1
        while True:
            job = self.job(job_id)
            if job["hasResult"]:
                return
            if job["state"] in ("succeeded", "blocked", "failed", "cancelled"):
                raise JobFailed(job)
            if job.get("waiting") in ("approval", "checkers", "answer"):
                raise TimeoutError(f"{job_id} waits for people ({job['waiting']}); ask for its result later")
            if time.monotonic() > until:
                raise TimeoutError(f"{job_id} is still {job['state']}")
            time.sleep(pause)
            pause = min(3, pause * 1.3)

    # -- results ----------------------------------------------------------------------------------------------------------------

    def results(self, study_id: str, purpose: str, run_ids: Optional[list] = None, state: str = "completed", progress: Optional[Callable[[int, int], None]] = None) -> "Results":
        """Opens runs here: the server hands out keys and sealed records, this code checks and decrypts them. Needs a sign-in at most 15 minutes old
        and the right to open results; each run opened is an event in the audit chain with ``purpose``."""
        _cipher()
        if run_ids is None:
            run_ids = [r["runId"] for r in self.runs(study_id, state=state) if r["received"] > 0 and r["state"] not in ("aborted", "withdrawn")]
        runs: list = []
        for at in range(0, len(run_ids), _OPENING_PAGE):
            opened = self._call("POST", "/api/studies/{}/opening", study_id, body={"purpose": purpose, "runIds": run_ids[at:at + _OPENING_PAGE]})
            for keyed in opened["runs"]:
                runs.append(self._open(keyed))
                if progress:
                    progress(len(runs), len(run_ids))
        return Results(runs)

    def _open(self, keyed: dict) -> "Run":
        records, start = [], 1
        while start is not None:
            page = self._call("GET", "/api/runs/{}/sealed", keyed["runId"], query={"from": start})
            records += page["records"]
            start = page.get("next")
        key, run = _unbase64(keyed["key"]), Run(keyed["row"])
        run.findings += _verify(records)
        opened = []
        for r in sorted(records, key=lambda r: r["seq"]):
            try:
                value, content = _open_record(key, keyed["runId"], r), None
            except Exception:  # whatever is wrong with it, the message must not quote it
                run.findings.append(f"Record {r['seq']} cannot be opened with the key of its run.")
                continue
            if r.get("object"):
                try:
                    content = _open_bytes(key, keyed["runId"], r["seq"], self._fetch(r))
                    said = value.get("attached") if isinstance(value, dict) else None
                    if r["op"] == "file" or (said and not said.get("json")):
                        value = said or value
                    else:
                        value, content = json.loads(content), None
                except Exception:
                    run.findings.append(f"The stored content of record {r['seq']} cannot be fetched or opened, or is not the one that was sent.")
                    continue
            opened.append((r, value, content))
        run._take(opened)
        return run

    def _fetch(self, r: dict) -> bytes:
        link = r["download"]
        with _opener.open(urllib.request.Request(link["url"], headers=link["headers"]), timeout=self.timeout) as answer:
            content = answer.read(r["object"]["size"] + 1)
        if len(content) != r["object"]["size"] or hashlib.sha256(content).hexdigest() != r["object"]["sha256"]:
            raise ValueError("other bytes")
        return content


class Run:
    """One opened run: ``row`` (its facts), ``trials`` (dicts, after replacements), ``session``, ``files`` (name, type, bytes), ``findings`` (what is not whole)."""

    def __init__(self, row: dict):
        self.row, self.run_id = row, row["runId"]
        self.trials: list = []
        self.files: list = []
        self.findings: list = []
        self.session: Any = None

    def __repr__(self) -> str:
        return f"Run({self.run_id!r}, {len(self.trials)} trials)"

    def _take(self, opened: list) -> None:
        replaced = {r["part"]: r["seq"] for r, _, _ in opened if r["op"] == "replace"}
        for r, value, content in opened:
            if content is not None:
                self.files.append({"name": value.get("name", "") if isinstance(value, dict) else "", "type": value.get("type", "") if isinstance(value, dict) else "", "seq": r["seq"], "bytes": content})
            elif r["op"] == "session":
                self.session = value
            elif r["op"] in ("append", "replace") and r["seq"] >= replaced.get(r["part"], 0):
                for one in value if isinstance(value, list) else [value]:
                    own = one if isinstance(one, dict) else {"value": one}
                    platform = dict(zip(_PLATFORM_COLUMNS, (self.run_id, self.row["condition"], self.row["version"], r["part"], r["seq"])))
                    self.trials.append({**platform, **{(f"data.{k}" if k in platform else k): v for k, v in own.items()}})


class Results:
    """Opened runs. ``trials`` is one list of dicts; ``to_pandas()`` the same as a data frame."""

    def __init__(self, runs: list):
        self.runs = runs

    @property
    def trials(self) -> list:
        return [t for r in self.runs for t in r.trials]

    @property
    def findings(self) -> list:
        """What is not whole, as (run id, sentence)."""
        return [(r.run_id, f) for r in self.runs for f in r.findings]

    def to_pandas(self) -> Any:
        try:
            import pandas
        except ImportError:
            raise ImportError('Data frames need pandas: "pip install pandas". Without it, use .trials.') from None
        return pandas.DataFrame(self.trials)

    def __repr__(self) -> str:
        return f"Results({len(self.runs)} runs, {len(self.trials)} trials)"


def _table(output: dict) -> Any:
    """A released output as rows: a data frame where pandas is there, else a list of dicts."""
    names = [c["name"] for c in output["columns"]]
    rows = [[cell.get("value") for cell in row] for row in output["rows"]]
    try:
        import pandas
    except ImportError:
        return [dict(zip(names, row)) for row in rows]
    return pandas.DataFrame(rows, columns=names)


def _files(root: Path) -> dict:
    """Files below a folder by their path in the study; hidden ones and links are left out."""
    found = {}
    for path in sorted(root.rglob("*")):
        parts = path.relative_to(root).parts
        if path.is_file() and not path.is_symlink() and not any(p.startswith(".") or p == "node_modules" for p in parts) and not any(d.is_symlink() for d in path.parents if d != root and root in d.parents):
            found["/".join(parts)] = path
    return found


def _asset(name: str, path: Path) -> dict:
    digest = hashlib.sha256()
    with path.open("rb") as f:
        for block in iter(lambda: f.read(1 << 20), b""):
            digest.update(block)
    kind = _TYPES.get(path.suffix[1:].lower(), "application/octet-stream")
    return {"path": name, "sha256": digest.hexdigest(), "size": path.stat().st_size, "type": kind}


def _unbase64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _cipher() -> Any:
    try:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    except ImportError:
        raise ImportError('Opening results needs the package cryptography: "pip install cryptography".') from None
    return AESGCM


def _open_record(key: bytes, run_id: str, r: dict) -> Any:
    """Opens a compact JWE (dir, A256GCM, optionally deflated) that must be sealed for exactly this run, seq, op and part."""
    head, wrapped, iv, text, tag = r["jwe"].split(".")
    header = json.loads(_unbase64(head))
    if wrapped or header["alg"] != "dir" or header["enc"] != "A256GCM" or "crit" in header or header.get("zip") not in (None, "DEF"):
        raise ValueError("unsupported")
    if (header["run"], header["seq"], header["op"], header["part"]) != (run_id, r["seq"], r["op"], r["part"]):
        raise ValueError("misplaced")
    plain = _cipher()(key).decrypt(_unbase64(iv), _unbase64(text) + _unbase64(tag), head.encode())
    if header.get("zip"):
        inflater = zlib.decompressobj(-15)
        plain = inflater.decompress(plain, _MAX_INFLATED)
        if not inflater.eof:
            raise ValueError("too large")
    return json.loads(plain)


def _open_bytes(key: bytes, run_id: str, seq: int, sealed: bytes) -> bytes:
    return _cipher()(key).decrypt(sealed[:12], sealed[12:], f"{run_id}|{seq}|file".encode())


def _record_hash(r: dict) -> str:
    end = r.get("end")
    parts = [r["op"], r["part"], r["jwe"], (r.get("object") or {}).get("sha256", ""), f"{end['last']}:{end['hash']}" if end else ""]
    return hashlib.sha256("|".join(parts).encode()).hexdigest()


def _verify(records: list) -> list:
    """What is wrong with sealed records before they are opened: numbers that are missing, no end, or a hash that does not match it."""
    end = next((r for r in records if r["op"] == "end" and r.get("end")), None)
    seqs = {r["seq"] for r in records}
    last = end["seq"] if end else max(seqs, default=0)
    findings = [f"Record {n} never arrived." for n in range(1, last + 1) if n not in seqs]
    if end is None:
        return findings + ["The run has no end yet."]
    if not findings:
        before = sorted((r for r in records if r["seq"] < last), key=lambda r: r["seq"])
        if end["end"]["last"] != last or hashlib.sha256("".join(map(_record_hash, before)).encode()).hexdigest() != end["end"]["hash"]:
            findings.append("The records do not match the hash that the participant's page sent at the end.")
    return findings
