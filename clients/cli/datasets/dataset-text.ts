/** A dataset in words: its policy and budget, its tables with their columns, its images. */
import { table, tame } from '../text.ts'
import type { Dataset } from './find.ts'

type Schema = NonNullable<Dataset['schema']>
type Table = Schema['tables'][number]
type Column = Table['columns'][number]
type Images = Schema['images'][number]

/** What values a column may have, as far as the schema says: the first categories, or the range. */
function rangeOf({ categories, minimum, maximum }: Column): string {
  if (categories) return categories.slice(0, 8).join(' ')
  return minimum === undefined && maximum === undefined ? '' : `${minimum ?? ''}..${maximum ?? ''}`
}

function tableText({ name, file, meaning, columns }: Table): string {
  const rows = columns.map((column) => [
    column.name,
    column.type,
    column.role ?? '',
    column.unit ?? '',
    rangeOf(column),
    column.meaning ?? '',
  ])
  const head = `${name} (${tame(file)})${meaning ? `: ${tame(meaning)}` : ''}`
  return `\n${head}\n${table(['COLUMN', 'TYPE', 'ROLE', 'UNIT', 'RANGE', 'MEANING'], rows)}`
}

const imagesText = ({ name, table: owner, path, masks }: Images): string =>
  `\n${name}: volumes named by ${owner}.${tame(path)}, masks ${masks.map(tame).join(', ') || 'none'}`

function policyText({ languages, modes, disclosure, approval, expires }: Dataset['policy']): string {
  return [
    `languages ${languages.join(', ')}`,
    `answers leave by ${modes.join(', ')}`,
    `at least ${disclosure.minimumSubjects ?? 10} subjects`,
    ...(approval ? ['each analysis needs approval'] : []),
    ...(expires ? [`until ${expires}`] : []),
  ].join('; ')
}

/** A dataset as `dataset show` prints it. */
export function datasetText(dataset: Dataset): string {
  const { title, name, state, version, description, budget, problem, schema } = dataset
  return [
    `${tame(title)} (${name}), ${state}${version ? `, version ${version}` : ''}`,
    ...(description ? [tame(description)] : []),
    '',
    policyText(dataset.policy),
    `budget epsilon ${budget.epsilon} at delta ${budget.delta}, ${budget.left.toFixed(2)} left`,
    dataset.mayAnalyse ? 'You may ask it.' : `You may not ask it: ${tame(dataset.why ?? '')}`,
    ...(problem ? [`Problem: ${tame(problem)}`] : []),
    ...(schema?.tables ?? []).map(tableText),
    ...(schema?.images ?? []).map(imagesText),
  ].join('\n')
}
