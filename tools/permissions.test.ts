import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { permissionTable } from '../domain/access/permissions.ts'
import { allRoutes } from '../contracts/index.ts'
import { permissionsPage } from './permissions.ts'

it('the page of permissions is what the tables say', () =>
  expect(readFileSync(new URL('../docs/permissions.md', import.meta.url), 'utf8')).toBe(permissionsPage()))
it('names every permission and every route that needs one', () => {
  for (const { permission } of permissionTable()) expect(permissionsPage()).toContain(`| \`${permission}\` |`)
  for (const { route } of allRoutes.filter(({ route: r }) => 'permission' in r.access))
    expect(permissionsPage()).toContain(`\`${route.method} ${route.path}\``)
})
