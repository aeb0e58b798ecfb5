/**
 * What a test file needs besides the sources, by the project of vitest that it belongs to: nothing (`unit`), the
 * runtimes of jobs (`platform`), or a browser and the built web parts too (`browser`). A project is prepared when one
 * of its files runs, so that a unit test starts at once.
 */

/** Globs of the files of each project, from the root. */
export const projects = {
  browser: [
    'test/{portal-,participant,main-job,study-isolation}*.test.ts',
    'web/study/player.test.ts',
    'bench/benches.test.ts',
  ],
  platform: ['test/**/*.test.ts', 'runner/**/*.test.ts', 'local/{compute,host}.test.ts'],
  unit: [
    '{contracts,domain,ports,adapters,runner,functions,local,simulation,web,clients,bench,tools,test,examples}/**/*.test.{ts,tsx}',
  ],
}
