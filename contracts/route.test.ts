import { describe, expect, it } from 'vitest'
import { allRoutes } from './index.ts'
import { type Access, commonProblems, type ProblemsOfAccess, resourceParameters, type Route } from './route.ts'

const routeWith = (access: Access): Route => ({
  ...allRoutes.find((r) => !r.route.params && !r.route.query && !r.route.body)!.route,
  access,
})
const seen = ['internal', 'sign-in-required', 'not-found', 'forbidden', 'second-factor-needed']
const expected: Record<Access['kind'], string[]> = {
  anyone: ['internal'],
  person: ['internal', 'sign-in-required'],
  'run-token': ['internal', 'run-token-invalid'],
  organisation: seen,
  study: seen,
  run: seen,
  dataset: seen,
  job: seen,
  synthesis: seen,
  pipeline: seen,
  experiment: seen,
  'pipeline-run': seen,
}

describe('the problems of an access', () => {
  it.each(Object.entries(expected))('%s', (kind, problems) =>
    expect(commonProblems(routeWith({ kind, permission: 'study.read' } as Access))).toEqual(problems),
  )
  it('end with a sign-in that is too old, where it has to be recent', () =>
    expect(commonProblems(routeWith({ kind: 'study', permission: 'runs.open', recentLogin: true }))).toEqual([
      ...seen,
      'login-too-old',
    ]))
  it('of a resource do not compile without not-found', () => {
    const problems = {} as ProblemsOfAccess
    // @ts-expect-error a stranger has to be answered as if there were no such study
    const forgetful: ProblemsOfAccess = { ...problems, study: ['sign-in-required', 'forbidden'] }
    expect(forgetful.study).not.toContain('not-found')
    const { study: _, ...without } = problems
    // @ts-expect-error every kind of access has its problems
    const incomplete: ProblemsOfAccess = without
    expect(incomplete).toEqual({})
  })
})

it('the path of every route on a resource says which one', () => {
  const onResources = allRoutes.flatMap(({ area, name, route: { access, path } }) =>
    'permission' in access ? [{ area, name, path, parameter: `{${resourceParameters[access.kind]}}` }] : [],
  )
  expect(onResources.length).toBeGreaterThan(50)
  expect(onResources.filter(({ path, parameter }) => !path.includes(parameter))).toEqual([])
})
