/** Every function by its area and name, for a host that runs them in one process. */
import { serverFunctions } from '../contracts/index.ts'
import type { LambdaHandler } from './kernel/handler.ts'
import type { createCompute } from './workflow/compute.ts'
import type { StepDeps } from './workflow/job-kind.ts'

export type Creator = (deps: StepDeps) => LambdaHandler
type Module = Readonly<Record<string, Creator>>

const creatorName = (name: string): string => `create${name[0]!.toUpperCase()}${name.slice(1)}`

/**
 * The creator of a function, `create<Function>`: from its own file, `functions/<area>/<function>.ts`, or from the
 * area's, where the area is as small as that. Throws when neither has it.
 */
async function creatorOf(area: string, name: string): Promise<Creator> {
  const own = ((await import(`./${area}/area.ts`)) as Module)[creatorName(name)]
  if (own) return own
  const found = ((await import(`./${area}/${name}.ts`)) as Module)[creatorName(name)]
  if (!found) throw new Error(`functions/${area}/${name}.ts has no ${creatorName(name)}`)
  return found
}

/**
 * Of every function that a contract names. Loaded when asked for, as in AWS: one function's module says nothing about
 * the others'.
 */
export const creators: Readonly<Record<string, () => Promise<Creator>>> = Object.fromEntries(
  serverFunctions
    .filter((f) => f.routes.length > 0)
    .map(({ area, name }) => [`${area}/${name}`, () => creatorOf(area, name)]),
)

/** A step of the workflow: told which job, it finds out for itself where the job stands. */
export type StepCreator = (deps: StepDeps) => (input: { jobId: string; attempt: number }) => Promise<object>

/** The functions that contracts/workflow.asl.json names, for the same host. */
export const steps: Record<'prepare' | 'query' | 'registration' | 'check' | 'settle', () => Promise<StepCreator>> & {
  compute: () => Promise<typeof createCompute>
} = {
  prepare: async () => (await import('./workflow/prepare.ts')).createPrepare,
  compute: async () => (await import('./workflow/compute.ts')).createCompute,
  query: async () => (await import('./jobs/query.ts')).createQuery,
  registration: async () => {
    const { createRegistration } = await import('./datasets/registration/register.ts')
    const { whenVersionStored } = await import('./reactions.ts')
    return (deps) => createRegistration(deps, whenVersionStored)
  },
  check: async () => (await import('./workflow/check.ts')).createCheck,
  settle: async () => (await import('./workflow/settle.ts')).createSettle,
}
