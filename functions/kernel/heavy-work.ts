/**
 * Pure work whose time a request can drive up: done where it holds up nobody else, with an end. A host that serves
 * everybody with one loop has threads for it (local/aside.ts). A Lambda has one request at a time, and none.
 */
import { allRoutes } from '../../contracts/index.ts'
import type { FieldError } from '../../contracts/problems.ts'
import { type Route, routeKey } from '../../contracts/route.ts'
import { schemaFaults } from '../../domain/datasets/schema-rules.ts'
import { adviseScript } from '../../domain/jobs/advice.ts'
import { definitionFaults } from '../../domain/pipelines/definition.ts'
import { validateConfiguration } from '../../domain/studies/configuration-validation.ts'
import { checkedBody } from './body.ts'

/** A body that a route takes, or what is wrong with it. As text: it is parsed faster than it is handed over. */
export type RouteBody = { json: string } | { wrong: string; errors: FieldError[] }

const routes = new Map<string, Route>(allRoutes.map(({ route }) => [routeKey(route), route]))
function routeBody(key: string, text: string): RouteBody {
  const checked = checkedBody(routes.get(key)!.body!, text)
  return 'wrong' in checked ? checked : { json: JSON.stringify(checked.body) }
}

export const heavyWork = { routeBody, adviseScript, definitionFaults, schemaFaults, validateConfiguration }
export type HeavyWork = typeof heavyWork
type Name = keyof HeavyWork

/** Does a piece of work elsewhere. Rejects with the problem `payload-too-large` when it came to no end in time. */
export type Aside = <N extends Name>(name: N, ...input: Parameters<HeavyWork[N]>) => Promise<ReturnType<HeavyWork[N]>>
