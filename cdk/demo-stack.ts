import { CfnOutput, Duration, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import { HttpApi } from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Architecture, type Function, FunctionUrlAuthType, Runtime } from 'aws-cdk-lib/aws-lambda';
import { NodejsFunction, OutputFormat } from 'aws-cdk-lib/aws-lambda-nodejs';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { DEMO_HANDLER, LOCK_FILE, PROJECT_ROOT } from './assets.js';
import type { ISessionStore } from './i-session-store.js';

/** The options of {@link DemoStack}. */
export interface DemoStackProps extends StackProps {
  readonly store: ISessionStore;
}

/** The demo behind an HTTP API and a Function URL. Both are open to everybody: a sign-in is by name only. */
export class DemoStack extends Stack {
  constructor(scope: Construct, id: string, props: DemoStackProps) {
    super(scope, id, props);
    const handler = this.#createHandler();
    props.store.grantAccess(handler);

    const api = new HttpApi(this, 'Api', { defaultIntegration: new HttpLambdaIntegration('Handler', handler) });
    const url = handler.addFunctionUrl({ authType: FunctionUrlAuthType.NONE });

    new CfnOutput(this, 'HttpApiUrl', { value: api.apiEndpoint });
    new CfnOutput(this, 'FunctionUrl', { value: url.url });
    new CfnOutput(this, 'TableName', { value: props.store.tableName });
  }

  #createHandler(): Function {
    const logGroup = new LogGroup(this, 'Logs', {
      retention: RetentionDays.ONE_WEEK,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
    logGroup.grantWrite(role);
    return new NodejsFunction(this, 'Function', {
      entry: DEMO_HANDLER,
      projectRoot: PROJECT_ROOT,
      depsLockFilePath: LOCK_FILE,
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      memorySize: 512,
      timeout: Duration.seconds(10),
      role,
      logGroup,
      bundling: { format: OutputFormat.ESM },
    });
  }
}
