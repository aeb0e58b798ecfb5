// The import rules of docs/architecture.md, section 1. tools/import-rules.test.ts plants a violation of each.
const tests = '(\\.test\\.tsx?$|/testing(/|\\.ts$)|\\.contract\\.ts$|^test/|^tools/)'
const own = (folder) => `^${folder}/`
/** Folders of the portal that are no areas. */
const portalRooms = 'parts|queries|session|shell'

/**
 * A layer: what lies in `from` may import its own folder, what `may` lists, and packages when `packages` allows them.
 */
const layer = (name, from, may, packages = '.*') => [
  {
    name: `${name}-imports`,
    severity: 'error',
    comment: `${name} may import ${may.length ? may.join(', ') : 'nothing else'} of this repository`,
    from: { path: own(from), pathNot: tests },
    to: {
      pathNot: [own(from), ...may.map((m) => (m.endsWith('$') ? `^${m}` : own(m))), '(^|/)node_modules/'],
      dependencyTypesNot: ['core', 'npm', 'npm-dev', 'npm-optional', 'npm-no-pkg', 'npm-unknown', 'unknown'],
      couldNotResolve: false,
    },
  },
  ...(packages === '.*'
    ? []
    : [
        {
          name: `${name}-packages`,
          severity: 'error',
          comment: `${name} may use these packages only: ${packages}`,
          from: { path: own(from), pathNot: tests },
          to: {
            dependencyTypes: ['core', 'npm', 'npm-dev', 'npm-optional', 'npm-no-pkg', 'npm-unknown'],
            pathNot: packages,
          },
        },
      ]),
]

/** Areas of the domain from the ground up: each may import those before it. */
const upwards = (areas) =>
  areas.slice(0, -1).map((area, i) => ({
    name: `domain-${area}-is-below`,
    severity: 'error',
    comment: `domain/${area} lies below ${areas.slice(i + 1).join(', ')}`,
    from: { path: own(`domain/${area}`), pathNot: tests },
    to: { path: `^domain/(${areas.slice(i + 1).join('|')})/` },
  }))
/** Rooms of functions/ that areas share, and which of the others each may import (docs/architecture.md, section 2). */
const sharedRooms = {
  kernel: [],
  workflow: ['kernel'],
  stores: ['kernel', 'workflow'],
  release: ['kernel', 'workflow'],
}
const rooms = Object.keys(sharedRooms).join('|')
/** Handlers are wiring: they may bring together what an area may not. */
const handlers = '\\.handler\\.ts$'

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: 'no-circles',
      severity: 'error',
      comment: 'Two files that need each other, be it for a type, are one file, or need a third',
      from: {},
      to: { circular: true },
    },
    ...upwards(['release', 'datasets', 'sql', 'privacy', 'disclosure', 'jobs']),
    {
      name: 'no-unresolved',
      severity: 'error',
      comment: 'An import that leads nowhere',
      from: {},
      to: { couldNotResolve: true, pathNot: '^(virtual:|aws-lambda$)' },
    },
    {
      name: 'no-tests-in-programs',
      severity: 'error',
      comment: 'Programs do not import tests or their helpers; measuring ones may',
      from: { pathNot: [tests, '^bench/', '^lib/cost[a-z-]*\\.ts$'] },
      to: { path: '(\\.test\\.tsx?$|/testing(/|\\.ts$)|\\.contract\\.ts$|^test/)' },
    },
    // A library that is pure itself: regular expressions that people write, matched in linear time.
    ...layer('domain', 'domain', [], 'node_modules/re2js/'),
    ...layer('contracts', 'contracts', ['domain'], 'node_modules/zod/'),
    ...layer('ports', 'ports', ['domain'], 'nothing at all'),
    ...layer('runner', 'runner', ['ports', 'domain']),
    ...layer('aws-adapters', 'adapters/aws', [
      'ports',
      'domain',
      'runner/engine',
      'runner/own-folders\\.ts$',
      'contracts/workflow\\.asl\\.json$',
    ]),
    ...layer('local-adapters', 'adapters/local', [
      'ports',
      'domain',
      'adapters/aws',
      'runner/engine',
      'runner/own-folders\\.ts$',
      'runner/seal-words\\.ts$',
      'contracts/workflow\\.asl\\.json$',
    ]),
    ...layer(
      'functions',
      'functions',
      ['contracts', 'domain', 'ports', 'adapters'],
      'node_modules/(zod|@middy/core|aws-jwt-verify|@types/aws-lambda|fflate)/|^(node:)?crypto$',
    ),
    {
      name: 'areas-apart',
      severity: 'error',
      comment: `Areas of functions/ meet only through ${Object.keys(sharedRooms).join(', ')}, and by what they register`,
      from: { path: '^functions/([^/]+)/', pathNot: [tests, handlers, `^functions/(${rooms})/`] },
      to: { path: '^functions/', pathNot: ['^functions/$1/', `^functions/(${rooms})/`] },
    },
    ...Object.entries(sharedRooms).map(([room, may]) => ({
      name: `${room}-knows-no-area`,
      severity: 'error',
      comment: `functions/${room} is shared by all areas: it may import ${may.join(', ') || 'no other room'}`,
      from: { path: `^functions/${room}/`, pathNot: [tests, handlers] },
      to: { path: '^functions/', pathNot: `^functions/(${[room, ...may].join('|')})/` },
    })),
    {
      name: 'only-wiring-chooses-adapters',
      severity: 'error',
      comment: 'functions/wiring.ts alone knows where it runs',
      from: { path: '^functions/', pathNot: ['^functions/wiring\\.ts$', tests] },
      to: { path: '^adapters/' },
    },
    ...layer('local', 'local', [
      'functions',
      'adapters/local',
      'contracts',
      'domain',
      'ports',
      'clients',
      'runner/(confine/choose|own-folders|seal-words)\\.ts$',
      'tools/(build-web|runtimes)\\.ts$',
    ]),
    {
      name: 'local-does-not-wire',
      severity: 'error',
      comment: 'The local host builds its own parts',
      from: { path: '^local/' },
      to: { path: '^functions/wiring\\.ts$|\\.handler\\.ts$' },
    },
    ...layer('simulation', 'simulation', [
      'functions',
      'contracts',
      'domain',
      'ports',
      'clients',
      'local/(api|http)\\.ts$',
      'web/participant/(api|device|queue|run-sealing|sender)\\.ts$',
      'adapters/local/item-rules\\.ts$',
    ]),
    ...layer('portal', 'web/portal', ['contracts', 'domain', 'clients', 'web/study/protocol\\.ts$']),
    {
      name: 'portal-areas-apart',
      severity: 'error',
      comment: 'Areas of the portal meet in the shared rooms (parts, queries, session, shell), which know no area',
      from: { path: '^web/portal/src/([^/]+)/' },
      to: { path: `^web/portal/src/(?!(${portalRooms})/)[^/]+/`, pathNot: '^web/portal/src/$1/' },
    },
    {
      name: 'portal-areas-door',
      severity: 'error',
      comment: 'What stands outside of the areas reaches one through its area.tsx',
      from: { path: '^web/portal/src/[^/]+$' },
      to: { path: `^web/portal/src/(?!(${portalRooms})/)[^/]+/(?!area\\.tsx$)` },
    },
    ...layer(
      'participant',
      'web/participant',
      ['contracts', 'domain', 'clients', 'web/study/protocol\\.ts$'],
      'node_modules/(vite|zod)/|^(node:)?(url|path|fs|zlib)',
    ),
    ...layer('study', 'web/study', ['contracts', 'domain', 'clients']),
    ...layer('clients', 'clients', ['contracts', 'domain']),
    ...layer('lib', 'lib', ['contracts', 'domain']),
    ...layer('bin', 'bin', ['lib']),
    {
      name: 'nobody-imports-programs',
      severity: 'error',
      comment: 'local, lib, bin, web, bench and tools are programs, not libraries',
      from: { path: '^(domain|contracts|ports|adapters|functions|clients)/', pathNot: tests },
      to: { path: '^(local|lib|bin|simulation|web|bench|tools|examples)/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(dist|cdk\\.out|\\.cloister)/' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
      extensions: ['.ts', '.tsx', '.js', '.mjs', '.cjs', '.json'],
    },
  },
}
