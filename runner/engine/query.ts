/** Checking a query and computing it: numbers and facts from DuckDB into a `QueryResult`. */
import { planOf } from '../../domain/sql/plan.ts'
import { Refused } from '../../domain/sql/refused.ts'
import { measuredBy, noisePlan } from '../../domain/sql/noise-plan.ts'
import { countCohort, openCohort } from './cohort.ts'
import { type Duck, EngineFailure, openDuck } from './duckdb.ts'
import { computeNoise } from './noise.ts'
import { parse, parseWith } from './parse.ts'
import type { Answers, Problem, Request } from './request.ts'
import { computeRules } from './rules.ts'

export const refusal = (error: unknown): Problem => {
  if (error instanceof Refused)
    return {
      code: error.code,
      step: 'compute',
      message: error.message,
      ...namesOf(error),
    }
  if (error instanceof EngineFailure)
    return {
      code: error.kind,
      step: 'compute',
      ...(error.kind === 'query-error' ? { errorClass: error.errorClass } : {}),
    }
  return { code: 'query-error', step: 'compute' }
}
function namesOf({ code, names }: Refused): Pick<Problem, 'errorClass' | 'line' | 'names'> {
  if (code === 'query-error') return { errorClass: 'SyntaxError', ...lineOf(names) }
  return names.length ? { names } : {}
}
const lineOf = (names: readonly string[]): { line?: number } => {
  const line = Number(names[0]?.replace('line ', ''))
  return Number.isInteger(line) ? { line } : {}
}

export async function validate({
  sql,
  schema,
  mode,
}: Extract<Request, { kind: 'validate' }>): Promise<Answers['validate']> {
  try {
    const plan = planOf(await parse(sql), sql, schema)
    return mode === 'noise' ? { measured: measuredBy(plan, noisePlan(plan)) } : {}
  } catch (e) {
    return { problem: { ...refusal(e), step: 'prepare' } }
  }
}

/**
 * Runs a query in `rules` or `noise`. Problems carry codes and sentences about the query's own text; nothing of the
 * data.
 */
export async function query(request: Extract<Request, { kind: 'query' }>): Promise<Answers['query']> {
  const { data, cohort, sql, mode, policy, limits } = request
  let duck: Duck | undefined
  let timer: NodeJS.Timeout | undefined
  try {
    duck = await openDuck({ files: data.tables.map((t) => t.path), memoryMb: limits.memoryMb })
    const open = duck
    timer = setTimeout(() => open.interrupt(), limits.seconds * 1000)
    const plan = planOf(await parseWith(duck, sql), sql, data.schema)
    const noisy = mode === 'noise' ? noisePlan(plan) : undefined
    await openCohort(duck, data, cohort, '', plan.from.tables)
    const counted = await countCohort(duck, data, cohort)
    const result = noisy
      ? await computeNoise(duck, plan, noisy, counted)
      : await computeRules(duck, request, plan, counted, policy)
    return { result }
  } catch (e) {
    return { problem: refusal(e) }
  } finally {
    clearTimeout(timer)
    duck?.close()
  }
}
