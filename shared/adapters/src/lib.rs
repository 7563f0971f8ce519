//! The ports, made of DynamoDB, SNS, Graph, Defender for Cloud Apps, Teams and Slack.
