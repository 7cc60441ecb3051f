import { describeVerification } from './verify-property.ts';

describeVerification('SQLite', () => undefined);
