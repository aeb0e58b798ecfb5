/** The pipeline that a command is about. */
import type { Client } from '../../api.ts'
import type { Argument } from '../command.ts'
import { CliError, exits } from '../io.ts'
import { everything, organisationOf, type Session } from '../session.ts'
import { tame } from '../text.ts'

/** A pipeline as the list has it, and with its definition. */
export type ListedPipeline = Awaited<ReturnType<Client['pipelines']['list']>>['items'][number]
export type Pipeline = Awaited<ReturnType<Client['pipelines']['get']>>

export const pipelineArgument: Argument = { name: 'NAME', help: 'a pipeline’s name or id' }

const isId = (text: string): boolean => /^pip_[a-z2-7]{16,32}$/.test(text)

/**
 * All pipelines of an organisation, by its id or name.
 *
 * @throws {CliError} when it is not clear which organisation is meant.
 */
export async function pipelinesOf(session: Session, org: string | undefined): Promise<ListedPipeline[]> {
  const { organisationId } = await organisationOf(session, org)
  return everything((after) =>
    session.client.pipelines.list({ params: { organisationId }, query: { limit: 200, after } }),
  )
}

/**
 * A pipeline by its id or by its name.
 *
 * @throws {CliError} when there is none of that name, and `ProblemError` when the id is not known.
 */
export async function findPipeline(session: Session, wanted: string, org: string | undefined): Promise<Pipeline> {
  const { pipelines } = session.client
  if (isId(wanted)) return pipelines.get({ params: { pipelineId: wanted } })
  const found = (await pipelinesOf(session, org)).find(({ name }) => name === wanted)
  if (!found)
    throw new CliError(
      exits.refused,
      `There is no pipeline "${tame(wanted)}" that you can see.`,
      '"cloister pipeline list" lists them.',
    )
  return pipelines.get({ params: { pipelineId: found.pipelineId } })
}
