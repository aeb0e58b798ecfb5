/**
 * The contracts as the portal's first load needs them: where each route is. The schemas stay on the server, which
 * checks what comes in and what goes out.
 */
import type { Plugin } from 'vite'
import { areas } from '../../contracts/index.ts'
import { problems } from '../../contracts/problems.ts'
import type { Area } from '../../contracts/route.ts'

const tables: Record<string, () => string> = {
  'contracts/index.ts': () => {
    const names = Object.fromEntries(
      Object.entries(areas as Record<string, Area>).map(([key, area]) => [
        key,
        {
          name: area.name,
          routes: Object.fromEntries(
            Object.entries(area.routes).map(([name, route]) => [
              name,
              [route.method, route.path, route.access.kind, route.body ? 1 : 0, route.starts ? 1 : 0],
            ]),
          ),
        },
      ]),
    )
    return `const response = { parse: (x) => x }
const routes = (of) => Object.fromEntries(Object.entries(of).map(([name, [method, path, kind, body, starts]]) => [name, { method, path, access: { kind }, body, starts, response }]))
export const areas = Object.fromEntries(Object.entries(${JSON.stringify(names)}).map(([key, a]) => [key, { name: a.name, routes: routes(a.routes) }]))`
  },
  'contracts/problems.ts': () => `export const problems = ${JSON.stringify(problems)}`,
}

/**
 * Replaces contracts by tables where nothing but the table is read; everything that does use a schema (the API
 * reference, two forms) still gets the contract, in a chunk of its own.
 */
export function contractTable(): Plugin {
  const mark = '\0table:'
  const readers = /\/(clients\/[\w-]+|web\/portal\/src\/(?!reference\/)[\w/-]+)\.tsx?$/
  return {
    name: 'cloister-contract-table',
    enforce: 'pre',
    resolveId(source, importer) {
      const table = Object.keys(tables).find((t) => source.endsWith(`/${t}`))
      return table && importer && readers.test(importer.split('?')[0]!) ? mark + table : undefined
    },
    load(id) {
      return id.startsWith(mark) ? tables[id.slice(mark.length)]!() : undefined
    },
  }
}
