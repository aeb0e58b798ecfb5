/**
 * Two distributions. The main origin: portal, participant page, /api. The study origin: study bytes, sandboxed, and
 * nothing else. Comes before data, identity and api, which must know the main origin; the API itself (the empty door)
 * is therefore made here.
 */
import { CfnOutput, Duration, Fn, Validations } from 'aws-cdk-lib'
import { CfnApi } from 'aws-cdk-lib/aws-apigatewayv2'
import { Certificate } from 'aws-cdk-lib/aws-certificatemanager'
import * as cf from 'aws-cdk-lib/aws-cloudfront'
import { HttpOrigin, S3BucketOrigin } from 'aws-cdk-lib/aws-cloudfront-origins'
import * as s3 from 'aws-cdk-lib/aws-s3'
import type { Construct } from 'constructs'
import { mainCsp, mainHeaders, studyCsp, studyHeaders } from '../contracts/headers.ts'
import { applicationFallback, movedCredential, nothingHere, studyClient } from './edge-functions.ts'
import { accept } from './nag.ts'
import { bucketHost, bucketName, issuerHost, loginHost } from './names.ts'
import type { Settings } from './settings.ts'
import { StageStack } from './stage-stack.ts'
import { StreamFunctions } from './stream-function.ts'
import { deployWebFiles } from './web-files.ts'

/** CloudFront keeps these in fields of their own; the others of contracts/headers.ts go out as they are. */
const fieldsOfTheirOwn = ['x-content-type-options', 'referrer-policy', 'access-control-allow-origin']

export class WebStack extends StageStack {
  readonly apiId: string
  readonly mainOrigin: string
  readonly studyOrigin: string
  readonly studyDistributionArn: string

  constructor(scope: Construct, settings: Settings, firewallArn: string | undefined) {
    super(scope, 'web', settings, 'distributions for portal, participants, API and study pages')
    this.apiId = new CfnApi(this, 'Api', {
      name: settings.installation,
      protocolType: 'HTTP',
      description: 'Routes are in the api stack',
    }).ref

    const web = new s3.Bucket(this, 'Web', {
      bucketName: bucketName(settings, 'web'),
      blockPublicAccess: s3.BlockPublicAccess.BLOCK_ALL,
      encryption: s3.BucketEncryption.S3_MANAGED,
      enforceSSL: true,
      minimumTLSVersion: 1.2,
      removalPolicy: this.keep,
      lifecycleRules: [{ abortIncompleteMultipartUploadAfter: Duration.days(7) }],
    })
    accept(web, {
      'AwsSolutions-S1':
        'Holds the published web files only, which anybody may read through CloudFront; nothing to learn from who did.',
    })

    const study = this.distribution('Study', settings.studyDomain, firewallArn, this.studyBehaviors(web))
    this.studyOrigin = `https://${settings.studyDomain ?? study.distributionDomainName}`
    this.studyDistributionArn = study.distributionArn
    const streaming = new StreamFunctions(this, 'Streams', settings, this.apiId, this.keep)
    const main = this.distribution('Main', settings.mainDomain, firewallArn, this.mainBehaviors(web, streaming))
    streaming.calledBy(main)
    this.mainOrigin = `https://${settings.mainDomain ?? main.distributionDomainName}`

    deployWebFiles(this, settings, web)
    new CfnOutput(this, 'MainOrigin', { value: this.mainOrigin, description: 'Where the portal is' })
    new CfnOutput(this, 'StudyOrigin', { value: this.studyOrigin, description: 'Where study pages are' })
  }

  private distribution(
    name: string,
    domain: string | undefined,
    firewallArn: string | undefined,
    behaviors: Pick<cf.DistributionProps, 'defaultBehavior' | 'additionalBehaviors'>,
  ): cf.Distribution {
    const { certificateArn } = this.settings
    const distribution = new cf.Distribution(this, name, {
      comment: `Cloister ${this.settings.stage}: ${name.toLowerCase()} origin`,
      httpVersion: cf.HttpVersion.HTTP2_AND_3,
      minimumProtocolVersion: cf.SecurityPolicyProtocol.TLS_V1_2_2021,
      priceClass: cf.PriceClass.PRICE_CLASS_100,
      defaultRootObject: 'index.html',
      ...(domain && certificateArn
        ? {
            domainNames: [domain],
            certificate: Certificate.fromCertificateArn(this, `${name}Certificate`, certificateArn),
          }
        : {}),
      ...(firewallArn ? { webAclId: firewallArn } : {}),
      ...behaviors,
    })
    accept(distribution, {
      'AwsSolutions-CFR1': 'Participants may be anywhere; a study limits its participants by its links.',
      'AwsSolutions-CFR3':
        'On purpose no viewer logs: they would tie participants’ network addresses to their links. The API’s access log has routes, states and times without addresses.',
      ...(firewallArn
        ? {}
        : {
            'AwsSolutions-CFR2':
              'The firewall is a switch of context (waf), off in a development stage because it costs 7 USD a month.',
          }),
      ...(domain
        ? {}
        : {
            'AwsSolutions-CFR4':
              'Without a domain of one’s own CloudFront’s certificate decides the protocols (browsers agree on TLS 1.3). Give mainDomain, studyDomain and certificateArn for TLS 1.2 at least.',
          }),
    })
    return distribution
  }

  private rewrite(name: string, code: string): cf.FunctionAssociation[] {
    return [
      {
        eventType: cf.FunctionEventType.VIEWER_REQUEST,
        function: new cf.Function(this, name, {
          code: cf.FunctionCode.fromInline(code),
          runtime: cf.FunctionRuntime.JS_2_0,
        }),
      },
    ]
  }

  private headers(
    name: string,
    contentSecurityPolicy: string,
    own: Record<string, string>,
    more: Partial<cf.ResponseHeadersPolicyProps> = {},
  ): cf.ResponseHeadersPolicy {
    const customHeaders = Object.entries(own)
      .filter(([header]) => !fieldsOfTheirOwn.includes(header))
      .map(([header, value]) => ({ header, value, override: true }))
    return new cf.ResponseHeadersPolicy(this, `${name}Headers`, {
      responseHeadersPolicyName: `${this.settings.installation}-${name.toLowerCase()}`,
      customHeadersBehavior: { customHeaders },
      ...more,
      securityHeadersBehavior: {
        contentSecurityPolicy: { contentSecurityPolicy, override: true },
        contentTypeOptions: { override: true },
        strictTransportSecurity: { accessControlMaxAge: Duration.days(365), includeSubdomains: false, override: true },
        referrerPolicy: { referrerPolicy: cf.HeadersReferrerPolicy.NO_REFERRER, override: true },
      },
    })
  }

  /**
   * Study pages have an opaque origin, so even their own files come to them across origins: hence `*`; there are no
   * cookies to send along.
   */
  private studyBehaviors(web: s3.Bucket): Pick<cf.DistributionProps, 'defaultBehavior' | 'additionalBehaviors'> {
    const { mainDomain, studyDomain } = this.settings
    // Without domains of one's own neither origin can know the other's name before it exists: the policy then names
    // itself 'self' and lets CloudFront's hosts frame it.
    const policy = studyCsp({
      studyOrigin: studyDomain ? `https://${studyDomain}` : "'self'",
      mainOrigin: mainDomain ? `https://${mainDomain}` : 'https://*.cloudfront.net',
    })
    const headers = this.headers('Study', policy, studyHeaders, {
      corsBehavior: {
        accessControlAllowCredentials: false,
        accessControlAllowHeaders: ['*'],
        accessControlAllowMethods: ['GET', 'HEAD'],
        accessControlAllowOrigins: ['*'],
        originOverride: true,
      },
    })
    // By its name: the bucket comes after this stack, and its policy (data-stack.ts) lets this distribution read.
    const published = s3.Bucket.fromBucketAttributes(this, 'Published', {
      bucketName: bucketName(this.settings, 'assets'),
      region: this.settings.region,
    })
    Validations.of(this).acknowledge({
      id: 'Annotation::@aws-cdk/aws-cloudfront-origins:updateImportedBucketPolicyOac',
      reason: 'The policy is written in data-stack.ts.',
    })
    const assets = S3BucketOrigin.withOriginAccessControl(published)
    const ours = S3BucketOrigin.withOriginAccessControl(web, {
      originPath: '/study',
      originAccessLevels: [cf.AccessLevel.READ, cf.AccessLevel.LIST],
    })
    const plain = {
      viewerProtocolPolicy: cf.ViewerProtocolPolicy.HTTPS_ONLY,
      responseHeadersPolicy: headers,
      cachePolicy: cf.CachePolicy.CACHING_OPTIMIZED,
      compress: true,
    }
    return {
      defaultBehavior: { origin: ours, ...plain, functionAssociations: this.rewrite('NothingHere', nothingHere) },
      additionalBehaviors: {
        '/s/*/cloister.js': { origin: ours, ...plain, functionAssociations: this.rewrite('StudyClient', studyClient) },
        '/s/*': { origin: assets, ...plain },
        '/player/*': { origin: ours, ...plain },
      },
    }
  }

  private mainBehaviors(
    web: s3.Bucket,
    streaming: StreamFunctions,
  ): Pick<cf.DistributionProps, 'defaultBehavior' | 'additionalBehaviors'> {
    const settings = this.settings
    const connect = [
      issuerHost(settings),
      loginHost(settings),
      bucketHost(settings, 'assets'),
      bucketHost(settings, 'sealed'),
    ].map((h) => `https://${h}`)
    const headers = this.headers('Main', mainCsp({ studyOrigin: this.studyOrigin, connect }), mainHeaders)
    const fallback = this.rewrite('ApplicationFallback', applicationFallback)
    const from = (folder: string) =>
      S3BucketOrigin.withOriginAccessControl(web, {
        originPath: `/${folder}`,
        originAccessLevels: [cf.AccessLevel.READ, cf.AccessLevel.LIST],
      })
    const page = {
      viewerProtocolPolicy: cf.ViewerProtocolPolicy.REDIRECT_TO_HTTPS,
      responseHeadersPolicy: headers,
      cachePolicy: cf.CachePolicy.CACHING_OPTIMIZED,
      compress: true,
      functionAssociations: fallback,
    }
    const portal = from('portal')
    const participant = from('participant')
    const api = new HttpOrigin(Fn.join('', [this.apiId, '.execute-api.', settings.region, '.amazonaws.com']), {
      protocolPolicy: cf.OriginProtocolPolicy.HTTPS_ONLY,
      originSslProtocols: [cf.OriginSslPolicy.TLS_V1_2],
    })
    const moved = this.rewrite('MovedCredential', movedCredential)
    return {
      defaultBehavior: { origin: portal, ...page },
      additionalBehaviors: {
        '/p/*': { origin: participant, ...page },
        '/withdraw': { origin: participant, ...page },
        // The one address below /api that no function serves: the description of all that do.
        '/api/openapi.json': { origin: portal, ...page, functionAssociations: undefined },
        // Compressing would hold back what is to be seen at once.
        ...Object.fromEntries(
          Object.entries(streaming.origins).map(([path, origin]) => [
            path,
            {
              origin,
              viewerProtocolPolicy: cf.ViewerProtocolPolicy.HTTPS_ONLY,
              allowedMethods: cf.AllowedMethods.ALLOW_GET_HEAD,
              cachePolicy: cf.CachePolicy.CACHING_DISABLED,
              originRequestPolicy: cf.OriginRequestPolicy.ALL_VIEWER_EXCEPT_HOST_HEADER,
              responseHeadersPolicy: headers,
              compress: false,
              functionAssociations: moved,
            },
          ]),
        ),
        '/api/*': {
          origin: api,
          viewerProtocolPolicy: cf.ViewerProtocolPolicy.HTTPS_ONLY,
          allowedMethods: cf.AllowedMethods.ALLOW_ALL,
          cachePolicy: cf.CachePolicy.CACHING_DISABLED,
          originRequestPolicy: cf.OriginRequestPolicy.ALL_VIEWER_EXCEPT_HOST_HEADER,
          responseHeadersPolicy: headers,
          compress: true,
        },
      },
    }
  }
}
