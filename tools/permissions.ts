/**
 * Writes docs/permissions.md from the tables the handlers decide by: `node tools/permissions.ts`, or `node
 * tools/permissions.ts --check` to compare only.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { allRoutes } from '../contracts/index.ts'
import {
  permissionTable,
  recentLoginSeconds,
  rightMeaning,
  roleMeaning,
  roles,
  scopeMeaning,
  scopes,
  defaultStudyRights,
  studyRights,
} from '../domain/access/permissions.ts'

const file = new URL('../docs/permissions.md', import.meta.url)
const table = (head: string[], rows: string[][]): string =>
  [head, head.map(() => '---'), ...rows].map((r) => `| ${r.join(' | ')} |`).join('\n')
const code = (words: readonly string[]): string => words.map((w) => `\`${w}\``).join(', ')

/** The page, from the permission table and the routes' declarations. */
export function permissionsPage(): string {
  const routesOf = (permission: string): string[] =>
    allRoutes
      .filter(({ route: { access } }) => 'permission' in access && access.permission === permission)
      .map(
        ({ route: { method, path, access } }) =>
          `\`${method} ${path}\`${'recentLogin' in access && access.recentLogin ? ' (recent sign-in)' : ''}`,
      )
  return `# Who may do what

This page is made by \`node tools/permissions.ts\` from \`domain/access/permissions.ts\` and the routes in \`contracts/\`: it is what the handlers decide by.

Everything is denied unless a line here grants it. Roles belong to a member of an organisation, rights to one person on one study; rights end with the membership.
A person who may not see a thing gets 404, the same as for a thing that does not exist; a person who sees it but may not do this gets 403.
A personal access token can do what its owner can **and** its scopes cover, never more. Acts marked *recent sign-in* need one at most ${recentLoginSeconds / 60} minutes old.

## Roles in an organisation

${table(
  ['role', 'what it is for'],
  roles.map((r) => [`\`${r}\``, roleMeaning[r]]),
)}

## Rights on a study

Whoever creates a study holds all of them. Whoever is added gets ${code(defaultStudyRights)} unless told otherwise.

${table(
  ['right', 'what it allows'],
  studyRights.map((r) => [`\`${r}\``, rightMeaning[r]]),
)}

## Scopes of a personal access token

${table(
  ['scope', 'what it covers'],
  scopes.map((s) => [`\`${s}\``, scopeMeaning[s]]),
)}

## The permissions

${table(
  ['permission', 'by role', 'or by right on the study', 'scope of a token', 'routes'],
  permissionTable().map((row) => [
    `\`${row.permission}\``,
    row.roles.length === roles.length ? 'any' : code(row.roles) || 'none',
    row.rights.length === studyRights.length ? 'any' : code(row.rights) || '',
    `\`${row.scope}\``,
    routesOf(row.permission).join('<br>'),
  ]),
)}
`
}

if (import.meta.main) {
  const page = permissionsPage()
  if (!process.argv.includes('--check')) writeFileSync(file, page)
  else if (readFileSync(file, 'utf8') !== page) {
    console.error('docs/permissions.md is not what the tables say. Run: node tools/permissions.ts')
    process.exitCode = 1
  }
}
