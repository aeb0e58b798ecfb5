/** The handler of studies: life, versions, links, people. */
import type { Deps } from '../kernel/deps.ts'
import { lambda, type LambdaHandler } from '../kernel/handler.ts'
import { studies } from './area.ts'
import { change, create, duplicate, list, remove, setState, study } from './lifecycle.ts'
import { createLink, links, revokeLink } from './links.ts'
import { people, share, unshare } from './people.ts'
import { diff, files, publish, uploads, version, versions } from './publish.ts'

export const createStudies = (deps: Deps): LambdaHandler =>
  lambda(studies, 'studies', deps, {
    list,
    create,
    study,
    change,
    setState,
    remove,
    duplicate,
    uploads,
    publish,
    versions,
    version,
    diff,
    files,
    links,
    createLink,
    revokeLink,
    people,
    share,
    unshare,
  })
