import type { APIGatewayRequestAuthorizerEvent, APIGatewayRequestAuthorizerEventV2 } from 'aws-lambda';
import type { WebSocketAuthorizerEvent } from '../../../src/lambda/index.js';
import { httpApiEvent, type RequestOptions, restApiEvent, webSocketConnectEvent } from './events.js';

/** What an HTTP API asks its authorizer, in payload 2.0. */
export function httpApiAuthorizerEvent(options: RequestOptions = {}): APIGatewayRequestAuthorizerEventV2 {
  const { body: _, isBase64Encoded: __, cookies = [], ...event } = httpApiEvent(options);
  return {
    ...event,
    type: 'REQUEST',
    routeArn: 'arn:aws:execute-api:eu-central-1:123456789012:abcde12345/$default/GET/devices',
    identitySource: cookies.length === 0 ? [] : [cookies.join('; ')],
    cookies,
  };
}

/** What a REST API asks an authorizer of the type REQUEST. */
export function restApiAuthorizerEvent(options: RequestOptions = {}): APIGatewayRequestAuthorizerEvent {
  const { body: _, isBase64Encoded: __, requestContext, ...event } = restApiEvent(options);
  return {
    ...event,
    type: 'REQUEST',
    methodArn: 'arn:aws:execute-api:eu-central-1:123456789012:vwxyz67890/prod/GET/devices',
    requestContext: { ...requestContext, authorizer: undefined },
  };
}

/** What a WebSocket API asks the authorizer of `$connect`. */
export function webSocketAuthorizerEvent(options: RequestOptions = {}): WebSocketAuthorizerEvent {
  const { isBase64Encoded: _, ...event } = webSocketConnectEvent(options);
  return {
    ...event,
    type: 'REQUEST',
    methodArn: 'arn:aws:execute-api:eu-central-1:123456789012:ws12345678/prod/$connect',
  };
}
