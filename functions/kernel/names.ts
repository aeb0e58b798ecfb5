/** Names of people and things for lists and pages: each is looked up once. */
import type { Item } from '../../ports/table.ts'
import type { Deps } from './deps.ts'
import {
  type DatasetItem,
  type ExperimentItem,
  type JobItem,
  keyOf,
  type PersonProfile,
  type PipelineItem,
} from './items.ts'

/** What was looked up for one answer. What is not there (any more) is called by its id. */
export class Names {
  readonly #deps: Pick<Deps, 'table'>
  readonly #known = new Map<string, Promise<unknown>>()
  constructor(deps: Pick<Deps, 'table'>) {
    this.#deps = deps
  }
  #once<T>(key: string, ask: () => Promise<T>): Promise<T> {
    const known = this.#known.get(key) as Promise<T> | undefined
    if (known) return known
    const asked = ask()
    this.#known.set(key, asked)
    return asked
  }
  person(id: string): Promise<string> {
    return this.#once(
      `person ${id}`,
      async () => (await this.#deps.table.get<Pick<PersonProfile, 'name'>>(keyOf.person(id), ['name']))?.name ?? id,
    )
  }
  dataset(id: string): Promise<string> {
    return this.#once(
      `dataset ${id}`,
      async () => (await this.#deps.table.get<Pick<DatasetItem, 'name'>>(keyOf.dataset(id), ['name']))?.name ?? id,
    )
  }
  /** A pipeline's title. */
  pipeline(id: string): Promise<string> {
    return this.#once(
      `pipeline ${id}`,
      async () => (await this.#deps.table.get<Pick<PipelineItem, 'title'>>(keyOf.pipeline(id), ['title']))?.title ?? id,
    )
  }
  experiment(id: string): Promise<Item<ExperimentItem> | undefined> {
    return this.#once(`experiment ${id}`, () => this.#deps.table.get<ExperimentItem>(keyOf.experiment(id)))
  }
  job(id: string): Promise<Item<JobItem> | undefined> {
    return this.#once(`job ${id}`, () => this.#deps.table.get<JobItem>(keyOf.job(id)))
  }
}
