/** What a deployment is told: CDK context, checked once. */
import type { Node } from 'constructs'
import * as z from 'zod'

const flag = (fallback: boolean) =>
  z.union([z.boolean(), z.enum(['true', 'false']).transform((s) => s === 'true')]).default(fallback)
/** Objects come as JSON text from `-c` and as they are from cdk.json. */
const object = <T extends z.ZodType>(shape: T) =>
  z.preprocess((v) => (typeof v === 'string' ? JSON.parse(v) : v), shape.optional())
const Host = z.string().regex(/^([a-z0-9-]+\.)+[a-z]{2,}$/, 'a host name such as cloister.example.edu')

const CampusOidc = z.object({
  name: z.string().min(1).max(32),
  issuer: z.url({ protocol: /^https$/ }),
  clientId: z.string().min(1),
  /** Name of the Secrets Manager secret that holds the client secret: it never stands in a template. */
  clientSecretName: z.string().min(1),
  /** The claim that names a person's groups, for rules that make roles of them. */
  groups: z.string().min(1).max(256).default('groups'),
})
/** `isMemberOf` of eduMember, which campus federations release. */
const eduPersonGroups = 'urn:oid:1.3.6.1.4.1.5923.1.5.1.1'
const CampusSaml = z.object({
  name: z.string().min(1).max(32),
  metadataUrl: z.url({ protocol: /^https$/ }),
  groups: z.string().min(1).max(256).default(eduPersonGroups),
})

const Context = z
  .object({
    stage: z.enum(['prod', 'dev']).default('prod'),
    region: z
      .string()
      .regex(/^[a-z]{2}(-[a-z]+)+-\d$/)
      .optional(),
    mainDomain: Host.optional(),
    studyDomain: Host.optional(),
    certificateArn: z
      .string()
      .regex(/^arn:aws[a-z-]*:acm:us-east-1:/, 'a certificate in us-east-1, where CloudFront looks for it')
      .optional(),
    waf: flag(true),
    trail: flag(true),
    selfSignUp: flag(true),
    /** Whether everybody who has an account here must set up a second factor; otherwise it is each person's choice. */
    requireSecondFactor: flag(false),
    bundle: flag(true),
    /**
     * Python, R and notebooks: Batch, and a network without a way out. Costs something while idle (docs/cost.md); SQL
     * goes without.
     */
    scripts: flag(false),
    /** Digest of the runner's image in the repository that the jobs stack makes. */
    runnerImage: z
      .string()
      .regex(/^sha256:[0-9a-f]{64}$/, 'the digest that "docker push" printed: sha256:...')
      .optional(),
    alarmEmail: z.email().optional(),
    /** Sender of invitations, verified by SES, itself or by its domain. Without it links are handed on. */
    mailFrom: z.email().optional(),
    campusOidc: object(CampusOidc),
    campusSaml: object(CampusSaml),
    /** The folder that `npm run build` writes. */
    webFiles: z.string().default('dist/web'),
    version: z.string().max(60).default('0.1.0'),
  })
  .refine(
    (c) => [c.mainDomain, c.studyDomain, c.certificateArn].filter(Boolean).length % 3 === 0,
    'mainDomain, studyDomain and certificateArn belong together: give all three or none',
  )
  .refine(
    (c) => c.mainDomain === undefined || c.mainDomain !== c.studyDomain,
    'mainDomain and studyDomain must differ: two origins keep study code away from the portal',
  )

type Context = z.infer<typeof Context>
export interface Settings extends Context {
  region: string
  /** Prefix of every name, tag of the organisations’ keys. */
  installation: string
  production: boolean
}

const keys = Object.keys(Context.shape)

/**
 * Reads and checks the context; throws one sentence per wrong value. `dev` goes without the firewall and the trail
 * unless asked for.
 */
export function settingsFrom(node: Node): Settings {
  const given = Object.fromEntries(keys.map((k) => [k, node.tryGetContext(k)]).filter(([, v]) => v !== undefined))
  const stage = given['stage'] ?? 'prod'
  const parsed = Context.safeParse({ ...(stage === 'dev' ? { waf: false, trail: false } : {}), ...given })
  if (!parsed.success)
    throw new Error(
      `The CDK context is not right:\n${parsed.error.issues.map((i) => `  ${i.path.join('.') || 'context'}: ${i.message}`).join('\n')}`,
    )
  return {
    ...parsed.data,
    region: parsed.data.region ?? process.env['CDK_DEFAULT_REGION'] ?? 'us-east-1',
    installation: `cloister-${parsed.data.stage}`,
    production: parsed.data.stage === 'prod',
  }
}
