/** The dataset that a command is about. */
import type { Client } from '../../api.ts'
import { type Argument, oneOf } from '../command.ts'
import { CliError, exits } from '../io.ts'
import { everything, organisationOf, type Session } from '../session.ts'
import { tame } from '../text.ts'

export type Dataset = Awaited<ReturnType<Client['datasets']['get']>>

export const datasetArgument: Argument = oneOf('dataset', 'a dataset’s id or its name in the catalogue')

const isId = (text: string): boolean => /^dat_[a-z2-7]{16,32}$/.test(text)

/** All datasets of an organisation's catalogue that one may see. */
export const datasetsOf = ({ client }: Session, organisationId: string): Promise<Dataset[]> =>
  everything((after) => client.datasets.list({ params: { organisationId }, query: { limit: 200, after } }))

/**
 * A dataset by its id, or by its catalogue name in one of one's organisations.
 *
 * @param org The organisation to look in, by id or name; all of one's own without.
 * @throws {CliError} when there is none of that name, or more than one; `ProblemError` when the id is not known.
 */
export async function findDataset(session: Session, wanted: string, org?: string): Promise<Dataset> {
  if (isId(wanted)) return session.client.datasets.get({ params: { datasetId: wanted } })
  const { memberships } = await session.client.access.me()
  const mine = org === undefined ? memberships : [await organisationOf(session, org)]
  const all = await Promise.all(mine.map(({ organisationId }) => datasetsOf(session, organisationId)))
  const found = all.flat().filter(({ name }) => name === wanted)
  if (found.length === 1) return found[0]!
  if (found.length === 0)
    throw new CliError(
      exits.refused,
      `There is no dataset "${tame(wanted)}" that you can see.`,
      '"cloister dataset list" lists them.',
    )
  throw new CliError(
    exits.usage,
    `More than one of your organisations has a dataset "${tame(wanted)}"; say which with --org or by its id.`,
    found.map(({ datasetId, organisationId }) => `  ${datasetId}  ${organisationId}`).join('\n'),
  )
}
