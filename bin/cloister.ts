/** The CDK app: `npx cdk deploy --all` (production) or `npx cdk deploy --all -c stage=dev`. See docs/deploying.md. */
import { Validations } from 'aws-cdk-lib'
import { AwsSolutionsChecks } from 'cdk-nag'
import { cloister } from '../lib/app.ts'

const app = cloister()
Validations.of(app).addPlugins(new AwsSolutionsChecks(app))
app.synth()
