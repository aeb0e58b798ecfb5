/** A catalogue name out of a title. */
export const nameOf = (title: string): string =>
  title
    .normalize('NFD')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^[^a-z]+|_$/g, '')
    .slice(0, 60)

/** Whether a dataset can be called so in the catalogue. */
export const isCatalogueName = (name: string): boolean => /^[a-z][a-z0-9_-]{1,59}$/.test(name)

/** What is wrong with a name that was typed; nothing before anything was. */
export function nameFault(name: string, taken: boolean): string | undefined {
  if (taken) return 'Another dataset of the organisation has this name'
  return name && !isCatalogueName(name)
    ? 'Begin with a letter; lower-case letters, digits, - and _; at least two'
    : undefined
}
