/** A stack as the CloudFormation API returns it. */
export interface Stack {
  readonly id: string;
  readonly name: string;
  readonly region: string;
  readonly description: string | undefined;
  readonly parameters: readonly { readonly ParameterKey: string; readonly ParameterValue: string }[];
  readonly capabilities: readonly string[];
  readonly createdAt: number;
  status: string;
  statusReason: string | undefined;
  outputs: readonly {
    readonly OutputKey: string;
    readonly OutputValue: string;
    readonly Description?: string;
  }[];
  readonly resources: StackResource[];
  /** Oldest first. */
  readonly events: StackEvent[];
}

export interface StackResource {
  readonly logicalId: string;
  readonly type: string;
  readonly physicalId: string;
  readonly remove: () => void | Promise<void>;
  status: string;
  /** `DeletionPolicy: Retain`: the resource stays when the stack is deleted. */
  readonly retained: boolean;
}

export interface StackEvent {
  readonly id: string;
  readonly logicalId: string;
  readonly physicalId: string;
  readonly type: string;
  readonly status: string;
  readonly reason: string | undefined;
  readonly recordedAt: number;
}

/** One template for the accounts of an organization. */
export interface StackSet {
  readonly name: string;
  readonly id: string;
  readonly body: string;
  readonly capabilities: readonly string[];
  readonly instances: { readonly account: string; readonly region: string; readonly stack: Stack }[];
}
