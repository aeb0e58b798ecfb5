/**
 * The independent tool in Python, asked for the same metrics without rounding, and for the model trained on synthetic
 * rows and tested on real ones.
 */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'

export interface PythonFigures {
  tvd: [number, number, number]
  auc: number | null
}

const program = `
import sys, json
sys.path.insert(0, sys.argv[1])
import synthesis_metrics as m, pandas as pd
sc = json.load(open(sys.argv[2] + '/schema.json')); kw = dict(keep_default_na=False)
tr = pd.read_csv(sys.argv[2] + '/train.csv', **kw); te = pd.read_csv(sys.argv[2] + '/test.csv', **kw)
_, _, A, S, _ = m.encode(tr, sc); n0, _, _, _, m0 = m.encode(te, sc); cache = {}
for f in sys.argv[4:]:
    n, _, B, _, x = m.encode(pd.read_csv(f, **kw), sc)
    tvd = [float(m.tvds(A, B, S, k, cache, 'e').mean()) for k in (1, 2, 3)]
    print(json.dumps({'tvd': tvd, 'auc': float(m.ml(sc, x, m0, n, n0)['hgb_auc']) if sys.argv[3] == 'ml' else None}), flush=True)
`

/** An interpreter that has what the tool needs, and the tool; undefined when either is absent. */
export function pythonTool(
  tool: string,
): ((folder: string, files: readonly string[], ml: boolean) => PythonFigures[]) | undefined {
  if (!existsSync(tool)) return undefined
  const python = ['python3', '/usr/bin/python3'].find(
    (p) => spawnSync(p, ['-c', 'import numpy, pandas, sklearn, scipy']).status === 0,
  )
  if (!python) return undefined
  return (folder, files, ml) => {
    const done = spawnSync(python, ['-c', program, dirname(tool), folder, ml ? 'ml' : 'no', ...files], {
      encoding: 'utf8',
      maxBuffer: 1e8,
    })
    if (done.status !== 0) throw new Error(`${join(tool)} failed: ${done.stderr.slice(-500)}`)
    return done.stdout
      .trim()
      .split('\n')
      .map((l) => JSON.parse(l) as PythonFigures)
  }
}
