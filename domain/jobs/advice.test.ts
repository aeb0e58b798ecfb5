import { expect, test } from 'vitest'
import { adviseScript } from './advice.ts'

const codes = (language: 'python' | 'r' | 'notebook', code: string): string[] =>
  adviseScript(language, code).map(
    (a) => `${a.code}${a.cell ? ` cell ${a.cell}` : ''}${a.line ? ` line ${a.line}` : ''}`,
  )

test('a good script gets no advice', () => {
  expect(
    adviseScript(
      'python',
      'import os, json, pandas as pd\nd = pd.read_csv(os.environ["DATA_ROOT"] + "/catalogs/x/subjects.csv")\njson.dump({"m": d.age.mean()}, open("result.json", "w"))',
    ),
  ).toEqual([])
  expect(
    adviseScript(
      'r',
      'd <- read.csv(file.path(Sys.getenv("DATA_ROOT"), "catalogs/x/a.csv"))\nwrite.csv(aggregate(age ~ arm, d, mean), "ages.csv")',
    ),
  ).toEqual([])
})

test('each thing that cannot work is named with its line', () => {
  expect(
    codes(
      'python',
      'import json, socket\nimport subprocess\nfrom ctypes import CDLL\nimport multiprocessing as m\nopen("/etc/passwd/x")\nopen("result.json")',
    ),
  ).toEqual(['network line 1', 'programs line 2', 'native line 3', 'processes line 4', 'absolute-path line 5'])
  expect(
    codes('r', 'x <- 1\nsystem("ls")\ndownload.file("http://x", "y")\nwrite.csv(x, "C:\\\\data\\\\y.csv")'),
  ).toEqual(['programs line 2', 'network line 3', 'absolute-path line 4'])
})

test('comments and texts are not code', () => {
  expect(
    adviseScript('python', '# import socket\n"""\nimport socket\n"""\nprint("# not a comment"); open("result.json")'),
  ).toEqual([])
  expect(adviseScript('python', 'x = "# "; os.system("ls"); open("result.json")').map((a) => a.code)).toEqual([
    'programs',
  ])
})

test('a notebook names the cell; what is none is said so', () => {
  const cell = (source: string | string[], cell_type = 'code'): object => ({ cell_type, source })
  const notebook = JSON.stringify({
    nbformat: 4,
    metadata: {},
    cells: [
      cell('import socket', 'markdown'),
      cell(['import os\n', 'import requests']),
      cell('!pip install x'),
      cell('open("result.json")'),
    ],
  })
  expect(codes('notebook', notebook)).toEqual(['network cell 1 line 2', 'install cell 2 line 1'])
  expect(codes('notebook', '{"nbformat": 3}')).toEqual(['invalid-notebook'])
  expect(codes('notebook', 'print(1)')).toEqual(['invalid-notebook'])
})

test('a script without a result, an empty one and an endless one', () => {
  expect(codes('python', 'print(1)')).toEqual(['no-result'])
  expect(codes('python', '  \n')).toEqual(['empty'])
  expect(codes('python', `open("result.json")\n${'x = 1\n'.repeat(3000)}`)).toEqual(['long'])
  expect(adviseScript('python', 'import socket\n'.repeat(500))).toHaveLength(50)
})
