/** First questions of a dataset, written from its declared schema: to copy, or to begin with. */
import type { Language, ReleaseMode } from '../../../../domain/datasets/policy.ts'
import type { Column, Schema, Table } from '../queries/datasets.ts'

export interface Snippet {
  title: string
  language: Language
  mode: ReleaseMode
  code: string
}

/** DuckDB's reserved words (`duckdb_keywords()`): as names they need quotation marks. */
const reserved = new Set(
  'all analyse analyze and any array as asc asymmetric both case cast check collate column constraint create default deferrable desc describe distinct do else end except false fetch for foreign from group having in initially intersect into lambda lateral leading limit not null offset on only or order pivot pivot_longer pivot_wider placing primary qualify references returning select show some summarize symmetric table then to trailing true union unique unpivot using variadic when where window with'.split(
    ' ',
  ),
)
/** A name as a statement has to write it. */
export const sqlName = (name: string): string =>
  /^[a-z_][a-z0-9_]*$/.test(name) && !reserved.has(name) ? name : `"${name.replaceAll('"', '""')}"`
const quoted = (text: string): string => JSON.stringify(text)
const numeric = (c: Column): boolean => (c.type === 'integer' || c.type === 'number') && !c.role
const grouping = (c: Column): boolean => c.type === 'category' && !c.role && (c.categories?.length ?? 0) > 1
const identifier = (name: string): string => name.replace(/\W+/g, '_').replace(/^(\d)/, '_$1').toLowerCase()

/** The table most worth beginning with: one with a group and a number, one row a subject first. */
function firstTable(schema: Schema): {
  table: Table
  group: Column | undefined
  value: Column | undefined
  second: Column | undefined
} {
  const score = (t: Table) =>
    (t.columns.some(grouping) ? 2 : 0) + (t.columns.some(numeric) ? 2 : 0) + (t.oneRowPerSubject ? 1 : 0)
  const table = [...schema.tables].sort((a, b) => score(b) - score(a))[0]!
  const numbers = table.columns.filter(numeric)
  return { table, group: table.columns.find(grouping), value: numbers[0], second: numbers[1] }
}

function sql(schema: Schema): Snippet[] {
  const { table, group, value } = firstTable(schema)
  const subject = table.columns.find((c) => c.role === 'subject')
  const people = subject ? `count(DISTINCT ${sqlName(subject.name)}) AS people` : 'count(*) AS n'
  const out: Snippet[] = []
  if (group)
    out.push({
      title: `People by ${group.name}`,
      language: 'sql',
      mode: 'rules',
      code: `SELECT ${sqlName(group.name)}, ${people}\nFROM ${sqlName(table.name)}\nGROUP BY ${sqlName(group.name)}\nORDER BY ${sqlName(group.name)}\n`,
    })
  if (value) {
    const mean = `avg(${sqlName(value.name)}) AS mean_${identifier(value.name)}`
    out.push(
      group
        ? {
            title: `Mean ${value.name} by ${group.name}`,
            language: 'sql',
            mode: 'rules',
            code: `SELECT ${sqlName(group.name)}, ${people}, ${mean}\nFROM ${sqlName(table.name)}\nGROUP BY ${sqlName(group.name)}\nORDER BY ${sqlName(group.name)}\n`,
          }
        : {
            title: `Mean ${value.name}`,
            language: 'sql',
            mode: 'rules',
            code: `SELECT ${people}, ${mean}\nFROM ${sqlName(table.name)}\n`,
          },
    )
  }
  if (out.length === 0)
    out.push({
      title: `Size of ${table.name}`,
      language: 'sql',
      mode: 'rules',
      code: `SELECT ${people}\nFROM ${sqlName(table.name)}\n`,
    })
  return out
}

const pythonHead = (dataset: string, table: Table): string =>
  `import json, os\nimport pandas as pd\n\ndata = pd.read_csv(os.environ["DATA_ROOT"] + ${quoted(`/catalogs/${dataset}/${table.file}`)})\n`
function pythonBody(
  table: Table,
  group: Column | undefined,
  value: Column | undefined,
  second: Column | undefined,
): string {
  if (value && second)
    return `\nr = data[${quoted(value.name)}].corr(data[${quoted(second.name)}])\nwith open(os.environ["CLOISTER_OUTPUT"] + "/result.json", "w") as f:\n    json.dump({${quoted(`correlation of ${value.name} and ${second.name}`)}: r}, f)\n`
  if (value && group)
    return `\nmeans = data.groupby(${quoted(group.name)})[${quoted(value.name)}].mean()\nwith open(os.environ["CLOISTER_OUTPUT"] + "/result.json", "w") as f:\n    json.dump({k: float(v) for k, v in means.items()}, f)\n`
  if (value)
    return `\nwith open(os.environ["CLOISTER_OUTPUT"] + "/result.json", "w") as f:\n    json.dump({${quoted(`mean ${value.name}`)}: float(data[${quoted(value.name)}].mean())}, f)\n`
  return `\nwith open(os.environ["CLOISTER_OUTPUT"] + "/result.json", "w") as f:\n    json.dump({${quoted(`rows of ${table.name}`)}: len(data)}, f)\n`
}

function inR(dataset: string, schema: Schema): Snippet {
  const { table, group, value, second } = firstTable(schema)
  const head = `data <- read.csv(file.path(Sys.getenv("DATA_ROOT"), ${quoted(`catalogs/${dataset}/${table.file}`)}))\n`
  const tick = (c: Column) => (/^[A-Za-z.][A-Za-z0-9._]*$/.test(c.name) ? c.name : `\`${c.name}\``)
  const predictor = second ?? group
  if (value && predictor)
    return {
      title: `Model of ${value.name} by ${predictor.name}`,
      language: 'r',
      mode: 'rules',
      code: `${head}fit <- glm(${tick(value)} ~ ${tick(predictor)}, data = data)\nterms <- summary(fit)$coefficients\n\nout <- data.frame(term = rownames(terms), estimate = terms[, 1], standard_error = terms[, 2])\nwrite.csv(out, file.path(Sys.getenv("CLOISTER_OUTPUT"), "model.csv"), row.names = FALSE)\n`,
    }
  const body = value ? `mean(data[[${quoted(value.name)}]], na.rm = TRUE)` : 'nrow(data)'
  return {
    title: value ? `Mean ${value.name}` : `Size of ${table.name}`,
    language: 'r',
    mode: 'rules',
    code: `${head}out <- data.frame(name = ${quoted(value ? `mean ${value.name}` : 'rows')}, value = ${body})\nwrite.csv(out, file.path(Sys.getenv("CLOISTER_OUTPUT"), "result.csv"), row.names = FALSE)\n`,
  }
}

/** Questions that run as they stand, in the languages that are allowed. */
export function firstQuestions(dataset: string, schema: Schema, allowed: readonly Language[]): Snippet[] {
  const { table, group, value, second } = firstTable(schema)
  const python = pythonHead(dataset, table) + pythonBody(table, group, value, second)
  const mean = value ? `Mean ${value.name}` : `Size of ${table.name}`
  const what = value && second ? `Correlation of ${value.name} and ${second.name}` : mean
  const all: Snippet[] = [
    ...sql(schema),
    { title: what, language: 'python', mode: 'rules', code: python },
    inR(dataset, schema),
    { title: what, language: 'notebook', mode: 'rules', code: `# %%\n${python.replace('\n\n', '\n\n# %%\n')}` },
  ]
  return all.filter((s) => allowed.includes(s.language))
}

/** How one table is opened in each language. */
export const opening = (dataset: string, table: Table): Record<'sql' | 'python' | 'r', string> => ({
  sql: `SELECT count(*) AS n FROM ${sqlName(table.name)}`,
  python: pythonHead(dataset, table).replace(/^import json, os/, 'import os'),
  r: `data <- read.csv(file.path(Sys.getenv("DATA_ROOT"), ${quoted(`catalogs/${dataset}/${table.file}`)}))\n`,
})
