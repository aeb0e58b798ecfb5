/** Every area, in the order of the reference. */
import { access } from './access.ts'
import { audit } from './audit.ts'
import { runs } from './runs.ts'
import { studies } from './studies.ts'
import type { Area, Grant, Route } from './route.ts'

export { access, audit, runs, studies }
export const areas = { access, studies, runs, audit } as const

export interface NamedRoute { area: string; name: string; route: Route }

/** All routes with their area and name. */
export const allRoutes: NamedRoute[] = Object.values(areas as Record<string, Area>).flatMap((a) => Object.entries(a.routes).map(([name, route]) => ({ area: a.name, name, route })))

export interface ServerFunction { area: string; name: string; entry: string; routes: NamedRoute[]; grants: Grant[] }

/** Functions that no route names: they serve the gateway, schedules and events. */
export const backstage: readonly Omit<ServerFunction, 'routes'>[] = [
  { area: 'access', name: 'authorizer', entry: 'functions/access/authorizer.handler.ts', grants: ['read TOKEN', 'write TOKEN'] },
  { area: 'access', name: 'login-events', entry: 'functions/access/login-events.handler.ts', grants: ['read USER', 'write USER', 'read AUDIT', 'write AUDIT'] },
  { area: 'runs', name: 'sweep', entry: 'functions/runs/sweep.handler.ts', grants: ['read RUN', 'write RUN', 'read LINK', 'write LINK', 'read STUDY', 'write STUDY', 'get sealed', 'delete sealed'] },
]

/** One Lambda per function, with the union of what its routes may touch. */
export const serverFunctions: ServerFunction[] = [
  ...[...Map.groupBy(allRoutes, (r) => `${r.area}/${r.route.function}`)].map(([key, routes]) => {
    const [area, name] = key.split('/') as [string, string]
    return { area, name, entry: `functions/${area}/${name}.handler.ts`, routes, grants: [...new Set(routes.flatMap((r) => r.route.grants))].sort() }
  }),
  ...backstage.map((f) => ({ ...f, routes: [] })),
]
