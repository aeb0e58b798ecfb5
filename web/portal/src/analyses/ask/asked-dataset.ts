import type { Dataset } from '../../queries/datasets.ts'

/** Which dataset a new question is about. */
interface AskedDataset {
  /** Those that may be asked now, to choose from. */
  askable: Dataset[]
  /** The one that is asked; undefined when the one wanted cannot be. */
  dataset: Dataset | undefined
  /** Why the one wanted cannot be asked, in a sentence. */
  refusal: string | undefined
}

/**
 * The dataset that is wanted, if it may be asked. The first one that may stands in only when nothing is wanted: neither
 * a dataset nor a copy of an earlier question (`again`, its job), whose dataset would silently become another.
 */
export function askedDataset(
  datasets: readonly Dataset[],
  { wanted, again }: { wanted: string | undefined; again: string | undefined },
): AskedDataset {
  const askable = datasets.filter((each) => each.mayAnalyse && each.schema)
  const first = wanted === undefined && again === undefined ? askable[0] : undefined
  const dataset = askable.find((each) => each.datasetId === wanted) ?? first
  const other = datasets.find((each) => each.datasetId === wanted)
  return { askable, dataset, refusal: !dataset && other ? refusalOf(other) : undefined }
}

const refusalOf = ({ title, why }: Dataset): string => `“${title}” cannot be asked now${why ? `: ${why}` : '.'}`
