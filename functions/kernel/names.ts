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
import { loadOnce } from './load-once.ts'

/** What was looked up for one answer. What is not there (any more) is called by its id. */
export class Names {
  readonly person: (id: string) => Promise<string>
  readonly dataset: (id: string) => Promise<string>
  /** A pipeline's title. */
  readonly pipeline: (id: string) => Promise<string>
  readonly experiment: (id: string) => Promise<Item<ExperimentItem> | undefined>
  readonly job: (id: string) => Promise<Item<JobItem> | undefined>

  constructor({ table }: Pick<Deps, 'table'>) {
    this.person = loadOnce(
      async (id) => (await table.get<Pick<PersonProfile, 'name'>>(keyOf.person(id), ['name']))?.name ?? id,
    )
    this.dataset = loadOnce(
      async (id) => (await table.get<Pick<DatasetItem, 'name'>>(keyOf.dataset(id), ['name']))?.name ?? id,
    )
    this.pipeline = loadOnce(
      async (id) => (await table.get<Pick<PipelineItem, 'title'>>(keyOf.pipeline(id), ['title']))?.title ?? id,
    )
    this.experiment = loadOnce((id) => table.get<ExperimentItem>(keyOf.experiment(id)))
    this.job = loadOnce((id) => table.get<JobItem>(keyOf.job(id)))
  }
}
