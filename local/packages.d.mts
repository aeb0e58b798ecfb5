/** Which packages of which folder are brought: see packages.mjs. */
export interface Packages {
  folder: string
  production?: boolean
  what: string
  say: (line: string) => void
}
export function bringPackages(packages: Packages): Promise<string | undefined>
