import type { Item } from '../../ports/table.ts'
import type { JobItem, TwinTable } from '../kernel/items.ts'

/** A trial: a job whose item names the tables of the twin. */
export type Trial = Item<JobItem> & { twin: TwinTable[] }
export const isTrial = (job: Item<JobItem>): job is Trial => job.twin !== undefined
