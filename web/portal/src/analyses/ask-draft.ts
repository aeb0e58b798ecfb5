/** A question while it is being written: kept in this tab until it is asked. */
import type { Language, ReleaseMode } from '../../../../domain/datasets/policy.ts'
import type { Dataset } from '../queries/datasets.ts'
import { firstQuestions } from '../parts/snippets.ts'
import { draftOf, type FilterDraft, filterOf } from './cohort.ts'
import type { Ask } from '../queries/jobs.ts'
import { notebookOfText, textOfNotebook } from '../parts/job/notebook.ts'
import { titleOf } from './title.ts'

export interface DeclaredDraft {
  name: string
  low: string
  high: string
}
export interface AskDraft {
  title: string
  cohort: FilterDraft[]
  language: Language
  codes: Partial<Record<Language, string>>
  parameters: string
  mode: ReleaseMode
  purpose: string
  epsilon: number
  declared: DeclaredDraft[]
  /** A script is tried on the synthetic twin. */
  twin?: boolean | undefined
  seconds?: number | undefined
  memoryMb?: number | undefined
  /** The job it was made from. */
  from?: string | undefined
}

/** Where one begins: the first allowed language with a question that runs as it stands. */
export function freshDraft(dataset: Dataset, language: Language | undefined, example: number): AskDraft {
  const { languages, modes } = dataset.policy
  const lang = language && languages.includes(language) ? language : (languages[0] ?? 'sql')
  const all = dataset.schema ? firstQuestions(dataset.name, dataset.schema, languages) : []
  const codes = Object.fromEntries(
    languages.map((l) => {
      const of = all.filter((s) => s.language === l)
      return [l, (of[l === lang ? example : 0] ?? of[0])?.code ?? '']
    }),
  )
  return {
    title: '',
    cohort: [],
    language: lang,
    codes,
    parameters: '{}',
    mode: modes.includes('rules') ? 'rules' : (modes[0] ?? 'rules'),
    purpose: '',
    epsilon: 1,
    declared: [],
  }
}

/** A job's question, to be changed and asked again. */
export function draftOfAsk(ask: Ask, from: string): AskDraft {
  let code = ask.code
  if (ask.language === 'notebook')
    try {
      code = textOfNotebook(ask.code)
    } catch {
      code = ask.code
    }
  return {
    title: ask.title === titleOf(ask.language, code) ? '' : (ask.title ?? ''),
    cohort: ask.cohort.map(draftOf),
    language: ask.language,
    codes: { [ask.language]: code },
    parameters: JSON.stringify(ask.parameters, null, 2),
    mode: ask.mode,
    purpose: ask.purpose,
    epsilon: ask.epsilon ?? 1,
    declared: ask.declared.map((d) => ({ name: d.name, low: String(d.low), high: String(d.high) })),
    seconds: ask.limits.seconds,
    memoryMb: ask.limits.memoryMb,
    ...(ask.on === 'twin' ? { twin: true } : {}),
    from,
  }
}

/** The question as the platform takes it, and what still has to be said before it can be. */
export function askOf(d: AskDraft, dataset: Dataset): { ask: Ask; lacking: string[] } {
  const lacking: string[] = []
  const text = d.codes[d.language] ?? ''
  if (!text.trim()) lacking.push('Write the question, or begin from an example.')
  const cohort = d.cohort.flatMap((f) => {
    const whole = filterOf(f, dataset.schema)
    if (typeof whole === 'string') {
      lacking.push(whole)
      return []
    }
    return [whole]
  })
  let parameters: Ask['parameters'] = {}
  try {
    const value = JSON.parse(d.parameters.trim() || '{}') as unknown
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      lacking.push('Parameters are a JSON object, such as {"bins": 10}.')
    else parameters = value as Ask['parameters']
  } catch {
    lacking.push('The parameters are not JSON.')
  }
  const script = d.language !== 'sql',
    trial = script && d.twin === true
  const declared =
    d.mode === 'noise' && script && !trial
      ? d.declared.flatMap((o) => {
          const low = Number(o.low),
            high = Number(o.high)
          if (!o.name.trim() || o.low.trim() === '' || o.high.trim() === '' || !(low < high)) {
            lacking.push(
              `Give ${o.name.trim() ? `the output ${o.name}` : 'each output a name and'} a range, chosen before looking.`,
            )
            return []
          }
          return [{ name: o.name.trim(), low, high }]
        })
      : []
  if (d.mode === 'noise' && script && !trial && d.declared.length === 0)
    lacking.push('For noise, declare the numbers your script will answer, each with a range.')
  const purpose = d.purpose.trim()
  if (purpose.length < 10 && d.mode === 'review' && !trial) lacking.push('Tell the checkers what this is for.')
  if (purpose.length < 10 && dataset.policy.approval && d.mode !== 'review' && !trial)
    lacking.push('Tell the custodian what this is for.')
  const limits = { ...(d.seconds ? { seconds: d.seconds } : {}), ...(d.memoryMb ? { memoryMb: d.memoryMb } : {}) }
  const title =
    d.title.trim() ||
    titleOf(d.language, text, dataset.schema ? firstQuestions(dataset.name, dataset.schema, [d.language]) : [])
  return {
    ask: {
      dataset: dataset.datasetId,
      cohort,
      language: d.language,
      code: d.language === 'notebook' && text.trim() ? notebookOfText(text) : text,
      parameters,
      mode: d.mode,
      purpose,
      ...(d.mode === 'noise' ? { epsilon: d.epsilon } : {}),
      declared,
      limits,
      ...(title ? { title } : {}),
      ...(trial ? { on: 'twin' as const } : {}),
    },
    lacking,
  }
}
