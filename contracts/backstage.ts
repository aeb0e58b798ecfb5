/** Functions that no route names: they serve the gateway, schedules and events. Apart from the areas, so that a function can read its grants without loading every contract. */
import type { Grant } from './route.ts'

export const backstage: readonly { area: string; name: string; entry: string; grants: Grant[] }[] = [
  { area: 'access', name: 'authorizer', entry: 'functions/access/authorizer.handler.ts', grants: ['read TOKEN', 'write TOKEN'] },
  { area: 'access', name: 'login-events', entry: 'functions/access/login-events.handler.ts', grants: ['read USER', 'write USER', 'read AUDIT', 'write AUDIT'] },
  { area: 'runs', name: 'sweep', entry: 'functions/runs/sweep.handler.ts', grants: ['read RUN', 'write RUN', 'read LINK', 'write LINK', 'read STUDY', 'write STUDY', 'get sealed', 'delete sealed'] },
]
