/** The table of commands, in the order of `cloister help`: each area's list, one after another. */
import { audit } from './audit.ts'
import type { Command, Group } from './command.ts'
import { care } from './home/commands.ts'
import { datasets } from './datasets/commands.ts'
import { jobs } from './jobs/commands.ts'
import { people } from './people.ts'
import { pipelines } from './pipelines/commands.ts'
import { results } from './results.ts'
import { archives } from './studies/archive.ts'
import { studies } from './studies/commands.ts'
import { synthesis } from './synthesis/commands.ts'

export const table: readonly (Command | Group)[] = [
  ...people,
  ...studies,
  ...results,
  ...datasets,
  ...jobs,
  ...synthesis,
  ...pipelines,
  ...audit,
  ...archives,
  ...care,
]

/** The command or group of that name. */
export const entryOf = (name: string): Command | Group | undefined => table.find((entry) => entry.name === name)
