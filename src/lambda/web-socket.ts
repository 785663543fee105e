import { at, type RequestSource } from './event-source.js';
import { readsIdentity } from './rest-api.js';

/** The event with which a client connects to a WebSocket API. `APIGatewayProxyWebsocketEventV2` is one. */
export interface WebSocketConnectEvent {
  readonly headers?: { [name: string]: string | undefined } | null | undefined;
  readonly multiValueHeaders?: { [name: string]: string[] | undefined } | null | undefined;
  readonly requestContext: {
    /** `'CONNECT'`; all others have no cookie. */
    readonly eventType: string;
    readonly routeKey: string;
    readonly connectionId: string;
    readonly identity?: { readonly sourceIp: string; readonly userAgent?: string | null | undefined } | undefined;
  };
}

/**
 * The handshake of a WebSocket API. It is no {@link EventSource}: API Gateway passes no Set-Cookie on to the client.
 *
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-route-keys-connect-disconnect.html
 */
export const webSocket: RequestSource<WebSocketConnectEvent> = {
  matches: (event): event is WebSocketConnectEvent => at(event, 'requestContext', 'eventType') === 'CONNECT',

  method: () => 'GET',

  ...readsIdentity,
};
