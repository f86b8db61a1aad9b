{{/* Peers and rules of the NetworkPolicies. */}}

{{/* The pods of the chart of these components; called with (list CONTEXT COMPONENT …). */}}
{{- define "task-api.network.pods" -}}
matchLabels:
  app.kubernetes.io/name: {{ include "task-api.name" (first .) | quote }}
  app.kubernetes.io/instance: {{ (first .).Release.Name | quote }}
matchExpressions:
  - key: app.kubernetes.io/component
    operator: In
    values:
      {{- rest . | toYaml | nindent 6 }}
{{- end -}}

{{/* The pods of a store; called with its context: .Subcharts.redis, say. */}}
{{- define "task-api.network.store" -}}
matchLabels:
  app.kubernetes.io/name: {{ include "common.names.name" . | quote }}
  app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end -}}

{{/* The ports on which the stores' pods listen, which needn't be those of their Services. */}}
{{- define "task-api.network.postgresqlPort" -}}
{{- .Values.postgresql.enabled | ternary (dig "containerPorts" "postgresql" 5432 ((.Subcharts.postgresql).Values | mustToJson | fromJson | default dict)) .Values.externalPostgresql.port -}}
{{- end -}}

{{- define "task-api.network.redisPort" -}}
{{- .Values.redis.enabled | ternary (dig "master" "containerPorts" "redis" 6379 ((.Subcharts.redis).Values | mustToJson | fromJson | default dict)) .Values.externalRedis.port -}}
{{- end -}}

{{/* The way to the name server, wherever it is: in a pod, or on the node. */}}
{{- define "task-api.network.toDns" -}}
- ports:
    - port: 53
      protocol: UDP
    - port: 53
      protocol: TCP
{{- end -}}

{{/* The way to a store; one outside the release has a name, which a NetworkPolicy can't have: then its port, anywhere. */}}
{{- define "task-api.network.toPostgresql" -}}
- ports:
    - port: {{ include "task-api.network.postgresqlPort" . }}
      protocol: TCP
  {{- if .Values.postgresql.enabled }}
  to:
    - podSelector:
        {{- include "task-api.network.store" .Subcharts.postgresql | nindent 8 }}
  {{- end }}
{{- end -}}

{{- define "task-api.network.toRedis" -}}
- ports:
    - port: {{ include "task-api.network.redisPort" . }}
      protocol: TCP
  {{- if .Values.redis.enabled }}
  to:
    - podSelector:
        {{- include "task-api.network.store" .Subcharts.redis | nindent 8 }}
  {{- end }}
{{- end -}}

{{/* The port of the S3 store's URL. */}}
{{- define "task-api.network.s3Port" -}}
{{- $url := urlParse .Values.backup.s3.endpoint -}}
{{- regexFind "[0-9]+$" (regexFind ":[0-9]+$" $url.host) | default (eq $url.scheme "http" | ternary "80" "443") -}}
{{- end -}}
