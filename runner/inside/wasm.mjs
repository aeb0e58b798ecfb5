// Runs a Python script in WebAssembly (pyodide) inside Deno. Everything it may read is copied into memory first; then
// this process gives up its last permission.
// Answers on standard output as init.py does on its channel: one line of JSON, then the files' bytes.
const [pyodideFolder, specFile] = Deno.args
const spec = JSON.parse(Deno.readTextFileSync(specFile))
const encoder = new TextEncoder()
const most = 1_000_000
const logs = { stdout: '', stderr: '' }
const log = (to) => (text) => {
  if (logs[to].length < most) logs[to] += `${text.slice(0, most - logs[to].length)}\n`
}

/** The answer goes where the code cannot: these are taken before it runs. */
const out = Deno.stdout
const write = out.writeSync.bind(out)
const exit = Deno.exit
const writeAll = (bytes) => {
  for (let at = 0; at < bytes.length;) at += write(bytes.subarray(at))
}

function answer(head, files) {
  writeAll(
    encoder.encode(
      `${JSON.stringify({ ...head, ...logs, files: files.map(([name, bytes]) => [name, bytes.length]) })}\n`,
    ),
  )
  for (const [, bytes] of files) writeAll(bytes)
  exit(0)
}

const { loadPyodide } = await import(`file://${pyodideFolder}/pyodide.mjs`)
const python = await loadPyodide({
  indexURL: `${pyodideFolder}/`,
  env: spec.env,
  stdout: log('stdout'),
  stderr: log('stderr'),
})
const { FS } = python

function copyIn(from, to) {
  FS.mkdirTree(to)
  for (const entry of Deno.readDirSync(from)) {
    if (entry.isDirectory) copyIn(`${from}/${entry.name}`, `${to}/${entry.name}`)
    else if (entry.isFile) {
      FS.writeFile(`${to}/${entry.name}`, Deno.readFileSync(`${from}/${entry.name}`))
      FS.chmod(`${to}/${entry.name}`, 0o444)
    }
  }
  FS.chmod(to, 0o555)
}
for (const [from, to] of spec.folders) copyIn(from, to)
for (const folder of [spec.output, spec.cwd, spec.notes]) FS.mkdirTree(folder)
FS.chdir(spec.cwd)
for (const name of ['read', 'write', 'net', 'env', 'sys', 'run', 'ffi', 'import']) Deno.permissions.revokeSync({ name })

let code = 0
try {
  python.runPython(`import runpy, sys
sys.argv[:] = ${JSON.stringify(spec.argv)}
runpy.run_path(sys.argv[0], run_name='__main__')`)
} catch (e) {
  const text = String(e?.message ?? e)
  if (e?.type === 'SystemExit') code = /SystemExit(: (0|None))?\s*$/.test(text) ? 0 : 1
  else {
    code = 1
    log('stderr')(text)
  }
}

const plain = (path) => {
  const stats = FS.lstat(path)
  return FS.isFile(stats.mode) && !FS.isLink(stats.mode) ? stats.size : -1
}
let error = null
try {
  if (plain(`${spec.notes}/.cloister-error.json`) <= 2000)
    error = JSON.parse(FS.readFile(`${spec.notes}/.cloister-error.json`, { encoding: 'utf8' }))
} catch {
  /* there was none */
}
const files = []
let left = spec.outputBytes
let tooMuch = false
for (const [folder, names] of [
  [spec.output, spec.names],
  [spec.cwd, spec.looseNames],
]) {
  const pattern = new RegExp(`^(?:${names})$`)
  for (const name of FS.readdir(folder).sort()) {
    if (!pattern.test(name) || files.some(([known]) => known === name)) continue
    const size = plain(`${folder}/${name}`)
    if (size < 0) continue
    left -= size
    if (left < 0 || files.length >= spec.outputFiles) tooMuch = true
    else files.push([name, FS.readFile(`${folder}/${name}`)])
  }
}
answer({ code, signal: null, error, tooMuch }, tooMuch ? [] : files)
