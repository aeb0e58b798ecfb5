import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { type Given, json, once, output, report, subjectsCsv } from './testing.ts'

const notebook = (language: string, ...cells: string[]): string =>
  JSON.stringify({
    nbformat: 4,
    nbformat_minor: 5,
    metadata: { kernelspec: { language } },
    cells: [
      { cell_type: 'markdown', source: '# title' },
      ...cells.map((source) => ({ cell_type: 'code', source: source.split(/(?<=\n)/) })),
    ],
  })

test('a pandas script that reads DATA_ROOT runs unmodified, once on everybody and once without each block', async () => {
  const ran = await report(
    `import os, json
import pandas as pd
d = pd.read_csv(os.environ["DATA_ROOT"] + "/catalogs/people/subjects.csv")
assert open("/data/catalogs/people/subjects.csv").readline().startswith("subject_id")
p = json.load(open(os.environ["CLOISTER_PARAMETERS"]))
json.dump({"r": d.age.corr(d.score), "n": len(d), "ids": sorted(d.subject_id), "p": p}, open(os.environ["OUTPUT_DIR"] + "/result.json", "w"))
d.groupby("arm").score.mean().to_csv("by arm.csv")
print("to the custodian")`,
    { plan: { kind: 'leave-out', blocks: 2 }, parameters: { k: [1, 'ü'] } },
  )
  expect(ran.confinement).toBe('bubblewrap')
  expect(ran.cohort).toBe(64)
  expect(ran.runs.map((run) => [run.run, run.end, run.subjects, json(run).n])).toEqual([
    ['all', 'finished', 64, 64],
    ...[0, 1].map((b) => [b, 'finished', 32, 32]),
  ])
  expect(json(ran.runs[0]!)).toMatchObject({ p: { k: [1, 'ü'] } })
  expect(output(ran.runs[0]!, 'by arm.csv')).toMatch(/^arm,score\na,/)
  expect(ran.runs[0]!.stdout).toBe('to the custodian\n')
  const left = ran.runs.slice(1).map((run) => {
    const ids = new Set(json(run).ids)
    return json(ran.runs[0]!).ids.filter((id: string) => !ids.has(id)) as string[]
  })
  expect(new Set(left.flat()).size).toBe(64)
})

test('an R glm writes a typed model; R errors give class and line of the script only', async () => {
  const good = await once(
    `d <- read.csv(file.path(Sys.getenv("DATA_ROOT"), "catalogs/people/subjects.csv"))
fit <- glm(I(arm == "a") ~ age, family = binomial, data = d)
cloister$model("arm by age", fit)
cloister$estimate("age", mean(d$age), n = nrow(d))`,
    { runtime: 'r' },
  )
  expect(good.stderr).toBe('')
  const { outputs } = json(good)
  expect(outputs[0]).toMatchObject({
    type: 'model',
    name: 'arm by age',
    family: 'binomial',
    n: 64,
    fit: { residualDf: 62 },
  })
  expect(outputs[0].terms.map((t: { term: string }) => t.term)).toEqual(['(Intercept)', 'age'])
  expect(outputs[1]).toMatchObject({ type: 'estimate', name: 'age', n: 64 })
  const bad = await once('x <- 1\nf <- function(v) {\n  v + 1\n  stop("secret 42")\n}\nlapply(1:3, function(i) f(i))', {
    runtime: 'r',
  })
  expect(bad).toMatchObject({ end: 'script-error', errorClass: 'simpleError', line: 4, outputs: [] })
  expect(await once('x <- 1\ny <- (2 +\n', { runtime: 'r' })).toMatchObject({
    end: 'script-error',
    errorClass: 'parseError',
  })
})

test('a notebook runs cell by cell in one namespace; errors name cell and line; an R notebook goes to R', async () => {
  expect(
    json(
      await once(
        notebook('python', '%matplotlib inline\nimport cloister\n', 'x = 41\n%time x += 1', "cloister.scalar('x', x)"),
        { runtime: 'notebook' },
      ),
    ),
  ).toEqual({ outputs: [{ type: 'scalar', name: 'x', value: 42 }] })
  expect(
    await once(notebook('python', 'def f():\n  return {}["a"]', 'x = 1\n\nf()'), { runtime: 'notebook' }),
  ).toMatchObject({ end: 'script-error', errorClass: 'KeyError', cell: 1, line: 2 })
  expect(await once(notebook('python', 'x = 1', 'y = 2\n!ls'), { runtime: 'notebook' })).toMatchObject({
    end: 'script-error',
    errorClass: 'SyntaxError',
    cell: 2,
    line: 2,
  })
  expect(json(await once(notebook('R', 'x <- 6', 'cloister$scalar("x", x * 7)'), { runtime: 'notebook' }))).toEqual({
    outputs: [{ type: 'scalar', name: 'x', value: 42 }],
  })
  expect(await once(notebook('R', 'x <- 6', 'x\nstop("no")'), { runtime: 'notebook' })).toMatchObject({
    end: 'script-error',
    cell: 2,
    line: 2,
  })
  expect(await once('{"nbformat": 3}', { runtime: 'notebook' })).toMatchObject({
    end: 'script-error',
    errorClass: 'InvalidNotebook',
  })
})

test('nibabel: each run gets the volumes its rows name, and the mask', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'cloister-nifti-'))
  try {
    const made = spawnSync('/usr/bin/python3', [
      '-c',
      `import nibabel, numpy, sys
for i in range(4):
    nibabel.save(nibabel.Nifti1Image(numpy.full((4, 4, 4), float(i)), numpy.eye(4)), f'{sys.argv[1]}/scan{i}.nii.gz')
m = numpy.zeros((4, 4, 4), dtype='int16'); m[1:3, 1:3, 1:3] = 1
nibabel.save(nibabel.Nifti1Image(m, numpy.eye(4)), sys.argv[1] + '/mask.nii.gz')`,
      folder,
    ])
    expect(made.status).toBe(0)
    const bytes = (name: string): Uint8Array => readFileSync(join(folder, name))
    const ran = await report(
      `import os, json, csv, numpy, nibabel
base = os.environ['DATA_ROOT'] + '/catalogs/people/'
mask = nibabel.load(base + 'masks/mask.nii.gz').get_fdata() > 0
rows = list(csv.DictReader(open(base + 'paths.csv')))
means = [float(nibabel.load(base + row['path']).get_fdata()[mask].mean()) for row in rows]
json.dump({'mean': numpy.mean(means), 'files': sorted(os.listdir(base + 'images'))}, open('result.json', 'w'))`,
      {
        plan: { kind: 'leave-out', blocks: 2 },
        tables: {
          'paths.csv': `subject_id,path\n${[0, 1, 2, 3].map((i) => `S${i},images/scan${i}.nii.gz`).join('\n')}\n`,
        },
        pathColumn: { 'paths.csv': 'path' },
        volumes: Object.fromEntries([0, 1, 2, 3].map((i) => [`images/scan${i}.nii.gz`, bytes(`scan${i}.nii.gz`)])),
        shared: { 'masks/mask.nii.gz': bytes('mask.nii.gz') },
      },
    )
    expect(ran.runs.map((run) => run.end)).toEqual(['finished', 'finished', 'finished'])
    expect(json(ran.runs[0]!)).toEqual({ mean: 1.5, files: [0, 1, 2, 3].map((i) => `scan${i}.nii.gz`) })
    const parts = ran.runs.slice(1).map((run) => json(run).files as string[])
    expect(parts.map((p) => p.length)).toEqual([2, 2])
    expect(new Set(parts.flat()).size).toBe(4)
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('helpers write typed outputs from pandas and statsmodels', async () => {
  const run = await once(`import cloister, pandas as pd, statsmodels.formula.api as smf, numpy as np
d = pd.read_csv(cloister.data('subjects.csv'))
cloister.model('age', smf.ols('score ~ age', d).fit())
cloister.table('by arm', d.groupby('arm').agg(n=('age', 'size'), mean=('age', 'mean')), counts=['n'])
cloister.histogram('age', *reversed(np.histogram(d.age, bins=3)))
cloister.estimate('nothing', float('nan'), p=0.5)`)
  expect(run.stderr).toBe('')
  const { outputs } = json(run)
  expect(outputs[0]).toMatchObject({ type: 'model', n: 64, fit: { residualDf: 62 } })
  expect(outputs[0].terms).toHaveLength(2)
  expect(outputs[1].columns).toEqual([{ name: 'arm', kind: 'group' }, { name: 'n', kind: 'count' }, { name: 'mean' }])
  expect(outputs[1].rows[0]).toEqual(['a', 22, expect.any(Number)])
  expect(outputs[2].edges).toHaveLength(4)
  expect(outputs[2].counts.reduce((a: number, b: number) => a + b)).toBe(64)
  expect(outputs[3]).toEqual({ type: 'estimate', name: 'nothing', pValue: 0.5 })
})

test('an error gives its class and the deepest line of the script, and no text', async () => {
  const run = await once('import json\n\ndef f(text):\n    return json.loads(text)\n\nf("no JSON: P001")')
  expect(run).toMatchObject({ end: 'script-error', exitCode: 1, errorClass: 'JSONDecodeError', line: 4, outputs: [] })
  expect(await once('class Secret42(Exception): pass\nraise Secret42()')).toMatchObject({
    errorClass: 'Error',
    line: 2,
  })
  expect(
    await once(
      'import builtins\nclass P001Error(Exception): pass\nP001Error.__module__ = "builtins"; builtins.P001Error = P001Error\nraise P001Error()',
    ),
  ).toMatchObject({ errorClass: 'Error', line: 4 })
  expect(await once('x = 1\nif x:\n  y = (\n')).toMatchObject({
    end: 'script-error',
    errorClass: 'SyntaxError',
    line: 3,
  })
  expect(await once('import sys\nsys.exit(3)')).toMatchObject({
    end: 'script-error',
    exitCode: 3,
    errorClass: 'SystemExit',
    line: 2,
  })
  expect(await once('import sys\nopen("result.json", "w").write("{}")\nsys.exit(0)')).toMatchObject({ end: 'finished' })
  const forged = await once(
    'import os, json\njson.dump({"class": "P001 has 42", "line": -7, "cell": 1e99}, open("/tmp/.cloister-error.json", "w"))\nos._exit(1)',
  )
  expect(forged).toMatchObject({ end: 'script-error', errorClass: 'Error' })
  expect([forged.line, forged.cell]).toEqual([undefined, undefined])
})

const limited: [string, Given, string][] = [
  ['while True: pass', { limits: { seconds: 1 } }, 'time-limit'],
  ['x = bytearray(10**10)', { limits: { memoryMb: 200 } }, 'memory-limit'],
  [
    'import os, time\nfor _ in range(4): os.fork()\nx = bytearray(60 * 10**6)\nfor i in range(0, len(x), 4096): x[i] = 1\ntime.sleep(20)',
    { limits: { memoryMb: 200 } },
    'memory-limit',
  ],
  ['x <- numeric(5e9)', { runtime: 'r', limits: { memoryMb: 400 } }, 'memory-limit'],
  [
    'import os, time\nfor _ in range(100):\n  if os.fork() == 0: time.sleep(20)',
    { limits: { processes: 16 } },
    'process-limit',
  ],
  [
    'import threading, time\nfor _ in range(200): threading.Thread(target=time.sleep, args=(20,), daemon=True).start()',
    { limits: { processes: 16 } },
    'process-limit',
  ],
  ['open("/output/result.json", "w").write("x" * 3_000_000)', {}, 'output-limit'],
  ['for i in range(9): open(f"/output/{i}.csv", "w").write("a")', {}, 'output-limit'],
  ['for i in range(4): open(f"{i}.csv", "w").write("a" * 400_000)', {}, 'output-limit'],
]
test('each limit has an end of its own', async () => {
  for (const [code, given, end] of limited) expect(await once(code, given), code).toMatchObject({ end, outputs: [] })
})

test('blocks: each uses its slot up, and one that fails is a missing value', async () => {
  const started = performance.now()
  const ran = await report(
    'import csv, os\nids = [r["subject_id"] for r in csv.DictReader(open("/data/catalogs/people/subjects.csv"))]\nif "P001" in ids: raise ValueError\nopen("result.json", "w").write("1")',
    { plan: { kind: 'blocks', blocks: 3, slotSeconds: 1 } },
    { parallel: 3 },
  )
  expect(performance.now() - started).toBeGreaterThan(999)
  expect(ran.runs.map((run) => run.run)).toEqual([0, 1, 2])
  expect(ran.runs.map((run) => run.end).sort()).toEqual(['finished', 'finished', 'script-error'])
  expect(ran.runs.reduce((n, run) => n + run.subjects, 0)).toBe(64)
})

test('a run that met its time limit is the last, and ends those beside it', async () => {
  const ran = await report(
    'import csv\nrows = list(csv.reader(open("/data/catalogs/people/subjects.csv")))\nwhile len(rows) == 65: pass\nimport time; time.sleep(50)',
    { plan: { kind: 'leave-out', blocks: 6 }, limits: { seconds: 2 } },
    { parallel: 2 },
  )
  expect(ran.runs.map((run) => run.end)).toEqual(['time-limit'])
})

test('a failure is compared with the runs without each block, and so is the time it took', async () => {
  const ran = await report(
    'import csv\nids = [r["subject_id"] for r in csv.DictReader(open("/data/catalogs/people/subjects.csv"))]\n{}["a"] if "P001" in ids else 1/0',
    {},
    { compared: true },
  )
  expect(ran.runs.map((run) => run.run)).toEqual(['all', ...Array.from({ length: 8 }, (_, i) => i)])
  expect(ran.runs.map((run) => run.errorClass).sort()).toEqual([
    ...Array.from({ length: 8 }, () => 'KeyError'),
    'ZeroDivisionError',
  ])
})

test('a confinement that cannot run the language refuses; nothing is left behind', async () => {
  expect(await report('1', { runtime: 'r' }, { confinement: 'wasm' })).toMatchObject({
    refused: 'confinement-missing',
    runs: [],
  })
  expect(await report('1', {}, { confinement: 'fargate' })).toMatchObject({ refused: 'confinement-missing', runs: [] })
  expect(readdirSync(tmpdir()).filter((n) => n.startsWith(`cloister-run-${process.pid}-`))).toEqual([])
  expect(subjectsCsv.split('\n')).toHaveLength(66)
})
