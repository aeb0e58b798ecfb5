/**
 * Power cuts while a home of version 0.1.0 is taken over, table and sign-in: started again, whatever the moment was, it
 * holds every item and every account of before. `node bench/powercut-conversion.ts HOME` is the load that is traced.
 */
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { TableFile } from '../adapters/local/table-file.ts'
import { tableFile } from '../adapters/local/table-folder.ts'
import { loginState } from '../local/login/state.ts'
import { openStore, storeFolder } from '../local/store.ts'

const failed = (failure: Error): void => {
  throw failure
}

/** Starts a home as far as what it keeps goes. */
async function takeOver(home: string): Promise<void> {
  const table = await openStore(home, { say: () => {}, failed })
  await table.close()
  const login = await loginState(home, () => 0)
  login.close()
}

/** Puts the old home's table and sign-in below a folder. */
export function oldHome(folder: string): void {
  const kept = fileURLToPath(new URL('../test/homes/0.1.0.tgz', import.meta.url))
  execFileSync('tar', ['-xzf', kept, '-C', folder, 'home/table', 'home/login.json', 'home/keyring.json'])
}

/** Every file below a folder, by its path from there. */
export function filesBelow(folder: string): Map<string, Buffer> {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name))
  return new Map(
    names.filter((path) => statSync(path).isFile()).map((path) => [relative(folder, path), readFileSync(path)]),
  )
}

/** What a home of now holds of the old one: items with their digest, and accounts. */
async function holdings(home: string): Promise<string> {
  await takeOver(home)
  const table = TableFile.read(tableFile(storeFolder(home)))
  const { items, digest } = table.head
  table.close()
  const { accounts } = JSON.parse(readFileSync(join(home, 'login-0.1.0.json'), 'utf8')) as {
    accounts: Record<string, { sub: string; password: string }>
  }
  const login = await loginState(home, () => 0)
  const people = Object.values(accounts).filter(({ sub, password }) => login.accountBySub(sub)?.password === password)
  login.close()
  return `${items} items ${digest}, ${people.length} of ${Object.keys(accounts).length} accounts`
}

/** What must be there whenever the power went: looks at a home in which nothing was cut. */
export async function lookForAll(whole: string): Promise<(home: string) => Promise<string | undefined>> {
  const expected = await holdings(whole)
  return async (home) => {
    const found = await holdings(home).catch((e: unknown) => (e as Error).message)
    return found === expected ? undefined : `${found} in place of ${expected}`
  }
}

if (import.meta.main) await takeOver(process.argv[2]!)
