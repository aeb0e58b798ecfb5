/** A question while it is being written: kept in this tab until it is asked. */
import type { Language, ReleaseMode } from '../../../../../domain/datasets/policy.ts'
import type { Dataset } from '../../queries/datasets.ts'
import { firstQuestions } from '../../parts/snippets.ts'
import { draftOf, type FilterDraft, filterOf } from './cohort.ts'
import type { Ask } from '../../queries/jobs.ts'
import { notebookOfText, textOfNotebook } from '../../parts/job/notebook.ts'
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
    languages.map((language) => {
      const of = all.filter((s) => s.language === language)
      return [language, (of[language === lang ? example : 0] ?? of[0])?.code ?? '']
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

export const isScript = (draft: AskDraft): boolean => draft.language !== 'sql'
/** Tried on synthetic rows: nothing of the data is asked, so that no rule of release applies. */
export const isTrial = (draft: AskDraft): boolean => isScript(draft) && draft.twin === true

/** A part of the question, and in sentences what it still lacks. */
interface Said<Value> {
  value: Value
  lacking: string[]
}
const leastPurpose = 10

function cohortOf(draft: AskDraft, dataset: Dataset): Said<Ask['cohort']> {
  const filters = draft.cohort.map((filter) => filterOf(filter, dataset.schema))
  return {
    value: filters.filter((filter) => typeof filter !== 'string'),
    lacking: filters.filter((filter) => typeof filter === 'string'),
  }
}

function parametersOf(draft: AskDraft): Said<Ask['parameters']> {
  let value: unknown
  try {
    value = JSON.parse(draft.parameters.trim() || '{}')
  } catch {
    return { value: {}, lacking: ['The parameters are not JSON.'] }
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return { value: {}, lacking: ['Parameters are a JSON object, such as {"bins": 10}.'] }
  return { value: value as Ask['parameters'], lacking: [] }
}

/** What a script will answer under noise; nothing else has to be declared. */
function declaredOf(draft: AskDraft): Said<Ask['declared']> {
  if (draft.mode !== 'noise' || !isScript(draft) || isTrial(draft)) return { value: [], lacking: [] }
  if (draft.declared.length === 0)
    return { value: [], lacking: ['For noise, declare the numbers your script will answer, each with a range.'] }
  const said: Said<Ask['declared']> = { value: [], lacking: [] }
  for (const output of draft.declared) {
    const name = output.name.trim()
    const low = Number(output.low)
    const high = Number(output.high)
    if (name && output.low.trim() !== '' && output.high.trim() !== '' && low < high) {
      said.value.push({ name, low, high })
    } else {
      const which = name ? `the output ${output.name}` : 'each output a name and'
      said.lacking.push(`Give ${which} a range, chosen before looking.`)
    }
  }
  return said
}

function lackingOfPurpose(draft: AskDraft, dataset: Dataset): string[] {
  if (draft.purpose.trim().length >= leastPurpose || isTrial(draft)) return []
  if (draft.mode === 'review') return ['Tell the checkers what this is for.']
  return dataset.policy.approval ? ['Tell the custodian what this is for.'] : []
}

function titleOfDraft(draft: AskDraft, code: string, dataset: Dataset): string {
  const examples = dataset.schema ? firstQuestions(dataset.name, dataset.schema, [draft.language]) : []
  return draft.title.trim() || titleOf(draft.language, code, examples)
}

/** The question as the platform takes it, and what still has to be said before it can be. */
export function askOf(draft: AskDraft, dataset: Dataset): { ask: Ask; lacking: string[] } {
  const text = draft.codes[draft.language] ?? ''
  const written = text.trim() !== ''
  const cohort = cohortOf(draft, dataset)
  const parameters = parametersOf(draft)
  const declared = declaredOf(draft)
  const title = titleOfDraft(draft, text, dataset)
  return {
    ask: {
      dataset: dataset.datasetId,
      cohort: cohort.value,
      language: draft.language,
      code: draft.language === 'notebook' && written ? notebookOfText(text) : text,
      parameters: parameters.value,
      mode: draft.mode,
      purpose: draft.purpose.trim(),
      ...(draft.mode === 'noise' ? { epsilon: draft.epsilon } : {}),
      declared: declared.value,
      limits: {
        ...(draft.seconds ? { seconds: draft.seconds } : {}),
        ...(draft.memoryMb ? { memoryMb: draft.memoryMb } : {}),
      },
      ...(title ? { title } : {}),
      ...(isTrial(draft) ? { on: 'twin' as const } : {}),
    },
    lacking: [
      ...(written ? [] : ['Write the question, or begin from an example.']),
      ...cohort.lacking,
      ...parameters.lacking,
      ...declared.lacking,
      ...lackingOfPurpose(draft, dataset),
    ],
  }
}
