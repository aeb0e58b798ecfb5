/** Scripts that stay inside and try to carry people's values out in what looks like a result. */
import { anything, type Attack, dump, near, spells, targetIncome, targetScore } from './attack.ts'
import { people, target } from './cohort.ts'
import { prelude } from './scripts-reach.ts'

const incomes = people.map((p) => p.income)
const scores = people.map((p) => p.score)
const python = (
  name: string,
  about: string,
  body: string,
  leaked: Attack['leaked'],
  more: Partial<Attack> = {},
): Attack => ({ name, about, language: 'python', code: [prelude + body], leaked, ...more })
const words = (seen: { strings: string[][] }): boolean =>
  seen.strings.flat().some((s) => people.some((p) => s.includes(p.id)))
const incomeBits = `bits = [int(b) for b in format(int(target["income"]), "017b")] if target else [0] * 17`

export const smuggling: Attack[] = [
  python(
    'first-row',
    'one person’s value as a mean',
    'out({"mean_income": float(rows[0]["income"])})',
    near(people[0]!.income, 40),
  ),
  python(
    'target-row',
    'the target’s value as an estimate',
    'out({"outputs": [{"type": "estimate", "name": "income", "estimate": float(target["income"]), "n": 120}]})',
    targetIncome,
  ),
  python(
    'target-fallback',
    'the target’s value, a mean where they are missing',
    'v = float(target["income"]) if target else sum(float(r["income"]) for r in rows) / len(rows)\nout({"mean_income": v})',
    targetIncome,
  ),
  python(
    'minimum',
    'the smallest income',
    'out({"low": min(float(r["income"]) for r in rows)})',
    near(Math.min(...incomes), 20),
  ),
  python(
    'maximum',
    'the largest score',
    'out({"high": max(float(r["score"]) for r in rows)})',
    near(Math.max(...scores), 0.02),
  ),
  python(
    'second-largest',
    'two maxima',
    'v = sorted(float(r["income"]) for r in rows)\nout({"a": v[-1], "b": v[-2], "c": v[-3]})',
    (seen) =>
      [...incomes]
        .sort((a, b) => b - a)
        .slice(0, 3)
        .some((v) => near(v, 5)(seen)),
  ),
  python(
    'rows-as-table',
    'all rows as a table',
    'out({"outputs": [{"type": "table", "name": "t", "columns": [{"name": "income"}, {"name": "score"}], "rows": [[float(r["income"]), float(r["score"])] for r in rows]}]})',
    dump([...incomes, ...scores]),
  ),
  python(
    'rows-as-csv',
    'the data as a CSV table',
    'import shutil\nshutil.copy(root + "people.csv", os.environ["CLOISTER_OUTPUT"] + "/table.csv")',
    (s) => dump(incomes)(s) || words(s),
  ),
  python(
    'rows-as-lists',
    'values as plain arrays',
    'out({"incomes": [float(r["income"]) for r in rows], "scores": [float(r["score"]) for r in rows]})',
    dump([...incomes, ...scores]),
  ),
  python(
    'rows-as-histogram',
    'one bin a person',
    'v = sorted(float(r["income"]) for r in rows)\nout({"outputs": [{"type": "histogram", "name": "h", "edges": v + [v[-1] + 1], "counts": [1] * len(v)}]})',
    dump(incomes),
  ),
  python(
    'edges',
    'values as edges of a histogram',
    'v = sorted(float(r["income"]) for r in rows)\nout({"outputs": [{"type": "histogram", "name": "h", "edges": v[::10], "counts": [10] * (len(v[::10]) - 1)}]})',
    dump(incomes, 0.05),
  ),
  python(
    'rows-as-model',
    'values as coefficients',
    'out({"outputs": [{"type": "model", "name": "m", "n": 120, "terms": [{"term": "x%d" % i, "estimate": float(r["income"])} for i, r in enumerate(rows)]}]})',
    dump(incomes),
  ),
  python(
    'notes-as-values',
    'notes as texts',
    'out({"outputs": [{"type": "table", "name": "t", "columns": [{"name": "note"}], "rows": [[r["note"]] for r in rows]}]})',
    words,
  ),
  python(
    'notes-as-names',
    'notes as names of outputs',
    'out({r["note"]: 1.5 for r in rows})',
    (s) => s.numbers.flat().length > 60,
  ),
  python(
    'notes-as-columns',
    'notes as names of columns',
    'out({"outputs": [{"type": "table", "name": "t", "columns": [{"name": r["note"]} for r in rows], "rows": [[1] * len(rows)]}]})',
    (s) => s.numbers.flat().length > 60,
  ),
  python(
    'notes-as-terms',
    'notes as terms of a model',
    'out({"outputs": [{"type": "model", "name": "m", "n": 120, "terms": [{"term": r["note"], "estimate": 1.0} for r in rows]}]})',
    (s) => s.numbers.flat().length > 60,
  ),
  python(
    'note-as-file',
    'a note as the name of a file',
    'open(os.environ["CLOISTER_OUTPUT"] + "/" + rows[0]["note"] + ".csv", "w").write("a\\n1\\n")',
    anything,
  ),
  python(
    'note-base64',
    'a note in base64 as a name',
    'import base64\nout({"k" + base64.b64encode(rows[0]["note"].encode()).decode().rstrip("="): 1})',
    anything,
  ),
  python(
    'note-as-number',
    'a note as one large number',
    'out({"x": int.from_bytes(rows[0]["note"].encode(), "big")})',
    anything,
  ),
  python(
    'note-as-floats',
    'a note, eight letters a float',
    'import struct\nb = rows[0]["note"].encode().ljust(24, b"x")\nout({"a": struct.unpack("d", b[:8])[0], "b": struct.unpack("d", b[8:16])[0]})',
    anything,
  ),
  python(
    'letters',
    'a note, one number a letter',
    'out({"c%d" % i: ord(c) for i, c in enumerate(rows[16]["note"])})',
    (seen) =>
      seen.numbers.some((row) =>
        String.fromCharCode(...row.filter((n) => n > 31 && n < 127)).includes(target.note.slice(0, 6)),
      ),
  ),
  python(
    'unit',
    'a note as a unit',
    'out({"outputs": [{"type": "scalar", "name": "n", "value": 120, "unit": rows[0]["note"]}]})',
    (s) => s.text.includes(people[0]!.note),
  ),
  python(
    'low-digits',
    'the target’s income in the low digits of a mean',
    'm = sum(float(r["score"]) for r in rows) / len(rows)\nv = int(target["income"]) if target else 0\nout({"mean": round(m, 1) + v * 1e-9})',
    (s) => s.numbers.flat().some((n) => Math.abs(((n * 1e9) % 1e8) - target.income) < 2),
  ),
  python(
    'middle-digits',
    'the income in the fourth to ninth digit',
    'm = round(sum(float(r["score"]) for r in rows) / len(rows))\nv = int(target["income"]) if target else 50000\nout({"mean": m + v * 1e-6})',
    (s) => s.numbers.flat().some((n) => Math.abs((n % 1) * 1e6 - target.income) < 500),
  ),
  python(
    'bits',
    'the income bit by bit',
    `${incomeBits}\nout({"b%d" % i: b for i, b in enumerate(bits)})`,
    spells(target.income, 17),
  ),
  python(
    'bits-shifted',
    'bits as 10 or 20',
    `${incomeBits}\nout({"b%02d" % i: 10 + 10 * b for i, b in enumerate(bits)})`,
    (s) => spells(target.income, 17)({ ...s, numbers: s.numbers.map((r) => r.map((n) => (n > 15 ? 1 : 0))) }),
  ),
  python(
    'bits-jitter',
    'bits under a jitter that every run has',
    `import hashlib\n${incomeBits}\nseed = hashlib.sha256("".join(r["subject_id"] for r in rows).encode()).digest()\nout({"b%02d" % i: 10 + 10 * b + seed[i] / 64 for i, b in enumerate(bits)})`,
    (s) => spells(target.income, 17)({ ...s, numbers: s.numbers.map((r) => r.map((n) => (n > 17 ? 1 : 0))) }),
  ),
  python(
    'bits-as-counts',
    'bits as counts of people',
    `${incomeBits}\nout({"outputs": [{"type": "table", "name": "t", "columns": [{"name": "k"}, {"name": "n", "kind": "count"}], "rows": [["female" if i % 2 else "male", 40 + 40 * b] for i, b in enumerate(bits)]}]})`,
    (s) => spells(target.income, 17)({ ...s, numbers: s.numbers.map((r) => r.map((n) => (n > 60 ? 1 : 0))) }),
  ),
  python(
    'bits-as-presence',
    'an output that is there or not',
    `${incomeBits}\nout({"b%02d" % i: 1 for i, b in enumerate(bits) if b} or {"none": 0})`,
    (s) =>
      s.numbers.flat().length === target.income.toString(2).replaceAll('0', '').length && s.numbers.flat().length > 2,
  ),
  python(
    'bits-as-order',
    'the order of rows',
    `${incomeBits}\nkeys = ["female", "male"]\nout({"outputs": [{"type": "table", "name": "t", "columns": [{"name": "sex"}, {"name": "v"}], "rows": [[k, 1.0] for b in bits for k in (keys if b else keys[::-1])]}]})`,
    (seen) => {
      const words = seen.strings.flat().filter((word) => word === 'female' || word === 'male')
      return (
        words.length >= 34 &&
        parseInt(Array.from({ length: 17 }, (_, i) => (words[2 * i] === 'female' ? '1' : '0')).join(''), 2) ===
          target.income
      )
    },
  ),
  python(
    'key-order',
    'the order of outputs',
    `${incomeBits}\no = {}\nfor i, b in enumerate(bits):\n    for k in ("x", "y") if b else ("y", "x"): o["%s%d" % (k, i)] = 1.0 if k == "x" else 2.0\nout(o)`,
    (seen) =>
      spells(
        target.income,
        17,
      )({ ...seen, numbers: seen.numbers.map((r) => r.filter((_, i) => i % 2 === 0).map((n) => (n === 1 ? 1 : 0))) }),
  ),
  python(
    'nan-pattern',
    'bits as numbers that are missing',
    `${incomeBits}\nout({"b%02d" % i: 2.0 if b else float("nan") for i, b in enumerate(bits)})`,
    (s) => s.numbers.some((r) => r.length === target.income.toString(2).replaceAll('0', '').length),
  ),
  python(
    'types',
    'bits as truth values, whole numbers and texts',
    `${incomeBits}\nout({"b%02d" % i: True if b else 1 for i, b in enumerate(bits)})`,
    (s) => (s.text.match(/"value":true/g) ?? []).length > 2,
  ),
  python(
    'vocabulary',
    'a value spelled with harmless words',
    'w = ["mean", "median", "total", "rate", "count", "ratio", "score", "level", "error", "value"]\nout({" ".join(w[int(c)] for c in (target["income"] if target else "00000")): 1.5})',
    (s) => /level ratio \w+ median value|ratio rate error median value/.test(s.text),
  ),
  python(
    'capitals',
    'a value in capitals of a name',
    `${incomeBits}\nn = "standard error of the mean"\nout({"".join(c.upper() if i < 17 and bits[i] else c for i, c in enumerate(n)): 1.5})`,
    (s) => s.numbers.flat().length > 0,
  ),
  python(
    'bidirectional',
    'a note behind marks that turn text around',
    'out({"\\u202e" + rows[0]["note"] + "\\u202c": 1.5, "\\u200b".join("mean"): 2.5})',
    (s) => /[\u200b-\u202e]/.test(s.text),
  ),
  python(
    'surrogates',
    'a value in halves of characters',
    'open(os.environ["CLOISTER_OUTPUT"] + "/result.json", "w").write(\'{"mean\\\\ud83d": 1.5, "x": "\\\\udc00"}\')',
    anything,
  ),
  python(
    'other-digits',
    'a value in digits of another script',
    'out({"mean " + "".join(chr(0x660 + int(c)) for c in (target["income"] if target else "0")): 1.5})',
    (s) => /[\u0660-\u0669]/.test(s.text),
  ),
  python(
    'million-keys',
    'more names than anybody reads',
    'out({"k%d" % i: i for i in range(1000000)})',
    (s) => s.numbers.flat().length > 500,
  ),
  python(
    'file-choice',
    'which file the result is in',
    'd = os.environ["CLOISTER_OUTPUT"]\nopen(d + ("/mean.csv" if target and int(target["income"]) % 2 else "/total.csv"), "w").write("x\\n1.5\\n")',
    (s) => s.text.includes('"mean"'),
  ),
  python(
    'pair',
    'the mean of two people',
    'g = [float(r["income"]) for r in rows if r["subject_id"] in ("P017", "P018")]\nout({"mean": sum(g) / len(g) if g else 0})',
    (s) => near((target.income + people[17]!.income) / 2, 40)(s),
  ),
  python(
    'row-count',
    'the value as a number of rows',
    'n = int(float(target["score"])) if target else 40\nout({"outputs": [{"type": "table", "name": "t", "columns": [{"name": "v"}], "rows": [[1.0]] * n}]})',
    (s) => s.numbers.some((r) => r.length === Math.floor(target.score)),
  ),
  python(
    'suppression-pattern',
    'the value as the pattern of what is withheld',
    `${incomeBits}\nimport random\nout({"b%02d" % i: (float(rows[0]["income"]) if b else 5.0) for i, b in enumerate(bits)})`,
    (seen) => {
      const cells = seen.numbers[0] ?? []
      return cells.length > 0 && cells.length === 17 - target.income.toString(2).replaceAll('0', '').length
    },
  ),
  python(
    'whole-run-only',
    'honest without a block, a value on the whole cohort',
    'm = sum(float(r["income"]) for r in rows) / len(rows)\nout({"mean": float(target["income"]) if len(rows) == 120 and target else m})',
    targetIncome,
  ),
  python(
    'small-group',
    'the mean of a group of one',
    'g = [float(r["income"]) for r in rows if r["subject_id"] == "P017"]\nout({"mean": sum(g) / len(g) if g else 0})',
    targetIncome,
  ),
  python(
    'group-by-income',
    'one group a person',
    'out({"outputs": [{"type": "table", "name": "t", "columns": [{"name": "income"}, {"name": "score"}], "rows": sorted([float(r["income"]), float(r["score"])] for r in rows)}]})',
    dump(incomes),
  ),
  python(
    'claims-n',
    'a count that is not true',
    'out({"outputs": [{"type": "estimate", "name": "mean", "estimate": float(target["score"]) if target else 0.0, "n": 5000}]})',
    targetScore,
  ),
  python(
    'claims-counts',
    'cells that say they have many people',
    'out({"outputs": [{"type": "table", "name": "t", "columns": [{"name": "sex", "kind": "group"}, {"name": "n", "kind": "count"}, {"name": "v", "kind": "value"}], "rows": [["female", 999, float(rows[0]["score"])], ["male", 999, float(rows[1]["score"])]]}]})',
    (s) => near(people[0]!.score, 0.05)(s) || near(people[1]!.score, 0.05)(s),
  ),
  python(
    'weighted-mean',
    'a mean that one person makes up',
    'w = [1000000.0 if r["subject_id"] == "P017" else 1.0 for r in rows]\nout({"mean": sum(x * float(r["income"]) for x, r in zip(w, rows)) / sum(w)})',
    targetIncome,
  ),
  python(
    'sum-dominated',
    'a sum in which one person counts a million times',
    'out({"sum": sum(float(r["income"]) * (1000000.0 if r["subject_id"] == "P017" else 1.0) for r in rows)})',
    (s) => s.numbers.flat().some((n) => Math.abs(n / 1e6 - target.income) < 60),
  ),
  python(
    'regression-dummy',
    'a coefficient for one person',
    'import numpy as np\ny = np.array([float(r["income"]) for r in rows])\nX = np.column_stack([np.ones(len(rows)), [1.0 if r["subject_id"] == "P017" else 0.0 for r in rows]])\nb = np.linalg.lstsq(X, y, rcond=None)[0]\nout({"intercept": b[0], "slope": b[1]})',
    (s) => s.numbers.flat().some((a) => s.numbers.flat().some((b) => Math.abs(a + b - target.income) < 100)),
  ),
  python(
    'nearest-neighbour',
    'a model that remembers',
    'v = sorted((abs(float(r["score"]) - 61.87), float(r["income"])) for r in rows)[0][1]\nout({"prediction": v})',
    targetIncome,
  ),
  python('exception-text', 'an error that quotes a note', 'raise ValueError("no result for " + rows[0]["note"])', (s) =>
    s.text.includes(people[0]!.note),
  ),
  python(
    'exception-class',
    'an error class named after a note',
    'raise type(rows[0]["note"], (Exception,), {})()',
    (s) => s.text.includes(people[0]!.note),
  ),
  python(
    'exception-line',
    'a line number that is a value',
    `code = "\\n" * (int(float(target["score"])) if target else 0) + "raise ValueError()"\nexec(compile(code, "/job/script.py", "exec"))`,
    (s) => /"line":62\b/.test(s.text),
  ),
  python(
    'exception-line-review',
    'a line number that is a value, where people check',
    `code = "\\n" * (int(float(target["score"])) if target else 0) + "raise ValueError()"\nexec(compile(code, "/job/script.py", "exec"))`,
    (s) => /"line":62\b/.test(s.text),
    { mode: 'review', extra: { purpose: 'How people of this age are doing' } },
  ),
  python(
    'exception-forged',
    'a note about an error that never was',
    'json.dump({"class": "KeyError", "line": int(float(target["score"])) if target else 1}, open("/tmp/.cloister-error.json", "w"))\nos._exit(1)',
    (s) => /"line":61\b/.test(s.text),
  ),
  python(
    'exception-choice',
    'one of many known classes',
    'import builtins\nknown = sorted(n for n, c in vars(builtins).items() if isinstance(c, type) and issubclass(c, Exception))\nraise getattr(builtins, known[int(target["age"]) % len(known)] if target else "KeyError")()',
    (s) => /"errorClass"/.test(s.text),
  ),
  python(
    'limit-choice',
    'which limit is met',
    'if target and int(target["income"]) % 2: x = bytearray(10 ** 11)\nelif target: open(os.environ["CLOISTER_OUTPUT"] + "/x.csv", "wb").write(b"x" * 10 ** 8)\nout({"n": 1.0})',
    (s) => /memory-limit|output-limit/.test(s.states.join()),
  ),
  python(
    'sleep',
    'a value as the time it takes',
    'import time\ntime.sleep(float(target["score"]) / 20 if target else 0)\nout({"n": 1.0})',
    (s) =>
      s.seconds.some((t) => [4, 4.5, 5].some((runs) => Math.abs((t / runs) * 20 - target.score) < 0.05 * target.score)),
  ),
  python(
    'sleep-fail',
    'the time until it fails',
    'import time\ntime.sleep(float(target["score"]) / 20 if target else 0)\nraise ValueError()',
    (s) =>
      s.seconds.some((t) => [4, 4.5, 5].some((runs) => Math.abs((t / runs) * 20 - target.score) < 0.05 * target.score)),
  ),
  python(
    'exit-code',
    'a value as the exit code',
    'import sys\nsys.exit(int(float(target["score"])) if target else 1)',
    (seen) =>
      /"exitCode"|\b61\b/.test(
        seen.text.replaceAll(/"(jobId|pin|created|ended|started|at|expires|url|hash\w*)":"[^"]*"/g, ''),
      ),
  ),
  python('stdout', 'printing everything', 'for r in rows: print(r)\nout({"n": 1.0})', (s) =>
    people.some((p) => s.text.includes(p.note)),
  ),
  python(
    'stderr',
    'warnings that quote',
    'import sys, warnings\nwarnings.warn(rows[0]["note"])\nsys.stderr.write(open(root + "people.csv").read())\nout({"n": 1.0})',
    (s) => people.some((p) => s.text.includes(p.note)),
  ),
  python(
    'signal',
    'a signal that is a value',
    'import signal\nos.kill(os.getpid(), 1 + (int(target["age"]) % 15 if target else 0))',
    (s) => /signal|SIG/.test(s.text),
  ),
  python(
    'symlink',
    'an output that points at the data',
    'os.symlink(root + "people.csv", os.environ["CLOISTER_OUTPUT"] + "/table.csv")',
    anything,
  ),
  python(
    'hardlink',
    'an output that is the data',
    'os.link(root + "people.csv", os.environ["CLOISTER_OUTPUT"] + "/table.csv")',
    anything,
  ),
  python('fifo', 'an output that never ends', 'os.mkfifo(os.environ["CLOISTER_OUTPUT"] + "/result.json")', anything),
  python(
    'prototype',
    'names that break parsers',
    'open(os.environ["CLOISTER_OUTPUT"] + "/result.json", "w").write(\'{"__proto__": {"suppressed": false}, "constructor": {"x": 1}, "outputs": {"length": 99}}\')',
    anything,
  ),
  python(
    'deep-json',
    'nesting without end',
    'open(os.environ["CLOISTER_OUTPUT"] + "/result.json", "w").write("[" * 200000 + "]" * 200000)',
    anything,
  ),
  python('infinite', 'numbers that are none', 'out({"a": float("inf"), "b": float("nan"), "c": 1e999})', anything),
  python(
    'svg',
    'a picture with the data in it',
    'open(os.environ["CLOISTER_OUTPUT"] + "/plot.svg", "w").write("<svg><!--" + open(root + "people.csv").read() + "--></svg>")',
    anything,
  ),
  python(
    'parameters-echo',
    'a switch that asks for one person',
    'p = json.load(open(os.environ["CLOISTER_PARAMETERS"]))\nr = next((r for r in rows if r["subject_id"] == p["who"]), None)\nout({"v": float(r["income"]) if r else 0.0})',
    targetIncome,
    { extra: { parameters: { who: 'P017' } } },
  ),
  python(
    'noise-ignores',
    'a script under noise that answers one person’s value',
    'r = target\nout({"v": float(r["income"]) if r else 50000.0})',
    near(target.income, 15),
    { mode: 'noise', extra: { epsilon: 1, declared: [{ name: 'v', low: 0, high: 100_000 }] } },
  ),
  {
    name: 'differencing-scripts',
    about: 'the mean with and without the target',
    language: 'python',
    leaked: (seen) => {
      const [first, second] = seen.numbers
      return (
        first?.[0] !== undefined &&
        second?.[0] !== undefined &&
        Math.abs(first[0] * 120 - second[0] * 119 - target.income) < 500
      )
    },
    code: [
      `${prelude}out({"mean": sum(float(r["income"]) for r in rows) / len(rows)})`,
      `${prelude}g = [r for r in rows if r["subject_id"] != "P017"]\nout({"mean": sum(float(r["income"]) for r in g) / len(g)})`,
    ],
  },
  {
    name: 'r-first-row',
    about: 'one person’s value from R',
    language: 'r',
    leaked: near(people[0]!.income, 40),
    code: [
      'd <- read.csv(file.path(Sys.getenv("DATA_ROOT"), "catalogs/attack_data/people.csv"))\nwriteLines(sprintf(\'{"v": %f}\', d$income[1]), file.path(Sys.getenv("CLOISTER_OUTPUT"), "result.json"))',
    ],
  },
  {
    name: 'r-error',
    about: 'an R error that quotes',
    language: 'r',
    leaked: (s) => s.text.includes(people[0]!.note),
    code: ['d <- read.csv(file.path(Sys.getenv("DATA_ROOT"), "catalogs/attack_data/people.csv"))\nstop(d$note[1])'],
  },
  {
    name: 'r-condition',
    about: 'an R condition class that quotes',
    language: 'r',
    leaked: (s) => s.text.includes(people[0]!.note),
    code: [
      'd <- read.csv(file.path(Sys.getenv("DATA_ROOT"), "catalogs/attack_data/people.csv"))\nstop(structure(class = c(d$note[1], "error", "condition"), list(message = d$note[1], call = NULL)))',
    ],
  },
  {
    name: 'notebook-outputs',
    about: 'rows in a notebook’s outputs',
    language: 'notebook',
    leaked: (s) => people.some((p) => s.text.includes(p.note)),
    code: [
      JSON.stringify({
        nbformat: 4,
        nbformat_minor: 5,
        metadata: { kernelspec: { name: 'python3' } },
        cells: [{ cell_type: 'code', metadata: {}, outputs: [], execution_count: null, source: prelude + 'rows' }],
      }),
    ],
  },
]
