import type { Item } from '../../ports/table.ts'
import type { JobItem, TwinTable } from '../kernel/items.ts'

/** A trial: a job whose item names the tables of the twin. */
export type Trial = Item<JobItem> & { twin: TwinTable[] }
/** Whether a job is tried on the synthetic twin of its dataset. */
export const isTrial = (job: Item<JobItem>): job is Trial => job.twin !== undefined
