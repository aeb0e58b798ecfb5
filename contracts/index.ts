/** Every area, in the order of the reference. */
import { access } from './access.ts'
import { audit } from './audit.ts'
import { backstage } from './backstage.ts'
import { datasets } from './datasets.ts'
import { jobs } from './jobs.ts'
import { pipelines } from './pipelines.ts'
import { runs } from './runs.ts'
import { studies } from './studies.ts'
import { synthesis } from './synthesis.ts'
import type { DeclaredEntity } from './entity.ts'
import type { Area, Grant, Route } from './route.ts'

/** A new area is imported above and added here; whatever is true of every area follows from this. */
export const areas = { access, studies, runs, datasets, jobs, synthesis, pipelines, audit } as const

export interface NamedRoute {
  area: string
  name: string
  route: Route
}

/** All routes with their area and name. */
export const allRoutes: NamedRoute[] = Object.values(areas as Record<string, Area>).flatMap((a) =>
  Object.entries(a.routes).map(([name, route]) => ({ area: a.name, name, route })),
)

export interface NamedEntity {
  area: string
  name: string
  entity: DeclaredEntity
}

/** Everything the table keeps, area by area. */
export const allEntities: NamedEntity[] = Object.values(areas as Record<string, Area>).flatMap((a) =>
  Object.entries(a.entities).map(([name, entity]) => ({ area: a.name, name, entity })),
)

export interface ServerFunction {
  area: string
  name: string
  entry: string
  routes: NamedRoute[]
  grants: Grant[]
}

/** One Lambda per function, with the union of what its routes may touch. */
export const serverFunctions: ServerFunction[] = [
  ...[...Map.groupBy(allRoutes, (r) => `${r.area}/${r.route.function}`)].map(([key, routes]) => {
    const [area, name] = key.split('/') as [string, string]
    return {
      area,
      name,
      entry: `functions/${area}/${name}.handler.ts`,
      routes,
      grants: [...new Set(routes.flatMap((r) => r.route.grants))].sort(),
    }
  }),
  ...backstage.map((f) => ({ ...f, routes: [] })),
]
