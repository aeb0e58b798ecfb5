/** Functions that no route names: they serve the gateway, schedules and events. Apart from the areas, so that a function can read its grants without loading every contract. */
import type { Grant } from './route.ts'

export const backstage: readonly { area: string; name: string; entry: string; grants: Grant[] }[] = [
  { area: 'access', name: 'authorizer', entry: 'functions/access/authorizer.handler.ts', grants: ['read TOKEN', 'write TOKEN'] },
  { area: 'access', name: 'login-events', entry: 'functions/access/login-events.handler.ts', grants: ['read USER', 'write USER', 'read AUDIT', 'write AUDIT'] },
  { area: 'runs', name: 'sweep', entry: 'functions/runs/sweep.handler.ts', grants: ['read RUN', 'write RUN', 'read LINK', 'write LINK', 'read STUDY', 'write STUDY', 'get sealed', 'delete sealed'] },
  // The four steps of the one workflow (contracts/workflow.asl.json), and what looks after jobs that a crash has left.
  { area: 'jobs', name: 'prepare', entry: 'functions/jobs/prepare.handler.ts', grants: ['read ORG', 'read SYN', 'read PIPELINE', 'put released', 'get released', 'read DATASET', 'write DATASET', 'read JOB', 'write JOB', 'get protected', 'put protected', 'put quarantine', 'engine', 'mac', 'read AUDIT', 'write AUDIT'] },
  { area: 'jobs', name: 'query', entry: 'functions/jobs/query.handler.ts', grants: ['read DATASET', 'read JOB', 'write JOB', 'get protected', 'put quarantine', 'engine'] },
  { area: 'jobs', name: 'registration', entry: 'functions/jobs/registration.handler.ts', grants: ['read ORG', 'read SYN', 'write SYN', 'read DATASET', 'write DATASET', 'read JOB', 'write JOB', 'read STUDY', 'read RUN', 'get sealed', 'get protected', 'put protected', 'unwrap', 'engine', 'read AUDIT', 'write AUDIT'] },
  { area: 'jobs', name: 'check', entry: 'functions/jobs/check.handler.ts', grants: ['read ORG', 'read SYN', 'write SYN', 'read DATASET', 'write DATASET', 'read JOB', 'write JOB', 'get quarantine', 'put quarantine', 'get protected', 'put protected', 'put released', 'engine', 'mac', 'read AUDIT', 'write AUDIT'] },
  { area: 'jobs', name: 'settle', entry: 'functions/jobs/settle.handler.ts', grants: ['read ORG', 'read DATASET', 'write DATASET', 'read JOB', 'write JOB', 'list quarantine', 'delete quarantine', 'get protected', 'delete protected', 'get released', 'put released', 'start-job', 'read-log', 'write-log', 'read AUDIT', 'write AUDIT'] },
  { area: 'jobs', name: 'watch', entry: 'functions/jobs/watch.handler.ts', grants: ['read ORG', 'read SYN', 'write SYN', 'get released', 'delete released', 'read DATASET', 'write DATASET', 'read JOB', 'write JOB', 'list quarantine', 'held-outputs', 'delete quarantine', 'get protected', 'delete protected', 'put released', 'start-job', 'stop-job', 'read-log', 'write-log', 'read AUDIT', 'write AUDIT'] },
]
