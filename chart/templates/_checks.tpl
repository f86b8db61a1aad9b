{{/*
Values that the schema lets through one by one and that can't work together. All that is wrong is said at once.
Called by the Deployment, which is always rendered.
*/}}
{{- define "task-api.check" -}}
{{- $faults := concat
  (include "task-api.check.stores" . | fromJsonArray)
  (include "task-api.check.env" . | fromJsonArray)
  (include "task-api.check.names" . | fromJsonArray)
  (include "task-api.check.secrets" . | fromJsonArray)
  (include "task-api.check.replicas" . | fromJsonArray)
  (include "task-api.check.routes" . | fromJsonArray)
  (include "task-api.check.backup" . | fromJsonArray)
-}}
{{- if $faults -}}
{{- fail (printf "\n- %s\n" (join "\n- " $faults)) -}}
{{- end -}}
{{- end -}}

{{- define "task-api.check.stores" -}}
{{- $faults := list -}}
{{- $own := include "task-api.config.own" . | fromYaml -}}
{{- range $key := concat (keys $own) (list "DATABASE_URL" "REDIS_URL") | sortAlpha -}}
{{- if hasKey $.Values.agent.env $key -}}
{{- $faults = append $faults (printf "agent.env.%s is set by the chart itself: take it out of the values" $key) -}}
{{- end -}}
{{- end -}}
{{- if hasKey .Values.postgresql "replica" -}}
{{- $faults = append $faults "postgresql.replica is no value of the postgresql chart and has no effect: set postgresql.architecture to replication, and postgresql.readReplicas" -}}
{{- end -}}
{{- range $store, $host := dict "postgresql" .Values.externalPostgresql.host "redis" .Values.externalRedis.host -}}
{{- $external := printf "external%s.host" (title $store) -}}
{{- if and (get $.Values $store).enabled $host -}}
{{- $faults = append $faults (printf "%s is %s, but %s.enabled is true: set %s.enabled to false, or take the host out" $external $host $store $store) -}}
{{- else if not (or (get $.Values $store).enabled $host) -}}
{{- $faults = append $faults (printf "%s.enabled is false: set %s" $store $external) -}}
{{- end -}}
{{- end -}}
{{- range $store, $global := pick .Values.global "postgresql" "redis" -}}
{{- if or (dig "auth" dict $global) (dig "password" "" $global) -}}
{{- $faults = append $faults (printf "global.%s holds credentials that only the dependency would see: set %s.auth" $store $store) -}}
{{- end -}}
{{- end -}}
{{- $faults | toJson -}}
{{- end -}}

{{/* A variable that is there twice: Helm 3 takes one of them, Helm 4 can't apply it. */}}
{{- define "task-api.check.env" -}}
{{- $faults := list -}}
{{- $own := dict "agent" (list "DATABASE_URL" "REDIS_URL") "migration" list "backup" list -}}
{{- $containers := list (list "migration" (include "task-api.migration.container" (list . "" "wait"))) -}}
{{- range $step := list "backup" "upload" -}}
{{- $containers = append $containers (list "backup" (include "task-api.backup.container" (list $ $step))) -}}
{{- end -}}
{{- range $containers -}}
{{- $part := first . -}}
{{- $given := len (get $.Values $part).extraEnv -}}
{{- $env := (last . | fromYaml).env -}}
{{- range slice $env 0 (sub (len $env) $given | int) -}}
{{- $_ := set $own $part (append (get $own $part) .name) -}}
{{- end -}}
{{- end -}}
{{- range $part, $names := $own -}}
{{- range (get $.Values $part).extraEnv -}}
{{- if has .name $names -}}
{{- $faults = append $faults (printf "%s.extraEnv has %s, which the chart sets itself: take it out" $part .name) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- $faults | toJson -}}
{{- end -}}

{{/*
A Service's name begins with a letter and has no dot. Kubernetes makes a label of a StatefulSet's name and a hash: over
52 characters its pods are refused.
*/}}
{{- define "task-api.check.names" -}}
{{- $faults := list -}}
{{- $full := include "task-api.fullname" . -}}
{{- if not (regexMatch "^[a-z]" $full) -}}
{{- $faults = append $faults (printf "the full name %s doesn't begin with a letter, as a Service's must: use another release name, or set fullnameOverride" $full) -}}
{{- end -}}
{{- if has $full (list (include "task-api.postgresql.host" .) (include "task-api.redis.host" .)) -}}
{{- $faults = append $faults (printf "the full name %s is that of a store's Service too: set another nameOverride or fullnameOverride" $full) -}}
{{- end -}}
{{- $sets := dict -}}
{{- with .Subcharts.postgresql -}}
{{- $_ := set $sets (include "postgresql.v1.primary.fullname" .) "postgresql" -}}
{{- end -}}
{{- with .Subcharts.redis -}}
{{- $_ := set $sets (printf "%s%s" (include "common.names.fullname" .) (eq .Values.architecture "replication" | ternary "-replicas" "-master")) "redis" -}}
{{- end -}}
{{- range $set, $store := $sets -}}
{{- if not (regexMatch "^[a-z][a-z0-9-]*$" $set) -}}
{{- $faults = append $faults (printf "the name %s is none for a Service, which begins with a letter and has no dot: use another release name, or set %s.fullnameOverride" $set $store) -}}
{{- end -}}
{{- if gt (len $set) 52 -}}
{{- $faults = append $faults (printf "the name of the StatefulSet %s has %d characters, and 52 are the most that work: use a shorter release name, or set %s.fullnameOverride" $set (len $set) $store) -}}
{{- end -}}
{{- end -}}
{{- $faults | toJson -}}
{{- end -}}

{{- define "task-api.check.secrets" -}}
{{- $faults := list -}}
{{- $secret := include "task-api.secretName" . -}}
{{- range $store := list "postgresql" "redis" -}}
{{- $auth := (get $.Values $store).auth -}}
{{- with get $.Subcharts $store -}}
{{- if and (dig "enabled" true $auth) (ne (tpl $auth.existingSecret .) $secret) -}}
{{- $faults = append $faults (printf "%s.auth.existingSecret names another Secret than the agent's, %s: set global.taskApi.existingSecret, which holds for all" $store $secret) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- $given := list -}}
{{- range $path, $password := dict
  "postgresql.auth.password" .Values.postgresql.auth.password
  "postgresql.auth.postgresPassword" .Values.postgresql.auth.postgresPassword
  "postgresql.auth.replicationPassword" .Values.postgresql.auth.replicationPassword
  "redis.auth.password" .Values.redis.auth.password
-}}
{{- if $password -}}
{{- $given = append $given $path -}}
{{- end -}}
{{- end -}}
{{- if include "task-api.makesSecret" . -}}
{{- $live := lookup "v1" "Secret" .Release.Namespace $secret -}}
{{- if not (or .Values.postgresql.enabled .Values.postgresql.auth.password $live) -}}
{{- $faults = append $faults "PostgreSQL outside the release has a password of its own: give postgresql.auth.password, or a Secret by global.taskApi.existingSecret" -}}
{{- end -}}
{{- if and .Values.redis.auth.enabled (not (or .Values.redis.enabled .Values.redis.auth.password $live)) -}}
{{- $faults = append $faults "Redis outside the release has a password of its own: give redis.auth.password, a Secret by global.taskApi.existingSecret, or set redis.auth.enabled to false" -}}
{{- end -}}
{{- else -}}
{{- range $given -}}
{{- $faults = append $faults (printf "%s has no effect, since the Secret %s is not made by the chart: take the value out, or %s" . $secret ($.Values.externalSecret.enabled | ternary "externalSecret.enabled" "global.taskApi.existingSecret")) -}}
{{- end -}}
{{- end -}}
{{- with .Values.externalSecret -}}
{{- if .enabled -}}
{{- if $.Values.global.taskApi.existingSecret -}}
{{- $faults = append $faults "externalSecret.enabled and global.taskApi.existingSecret: one Secret has one origin, set one of them" -}}
{{- end -}}
{{- if not (and .key .secretStoreRef.name) -}}
{{- $faults = append $faults "externalSecret.enabled is true: set externalSecret.secretStoreRef.name and externalSecret.key" -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- $faults | toJson -}}
{{- end -}}

{{- define "task-api.check.replicas" -}}
{{- $faults := list -}}
{{- $agent := .Values.agent -}}
{{- with .Values.autoscaling -}}
{{- if .enabled -}}
{{- if gt (int .minReplicas) (int .maxReplicas) -}}
{{- $faults = append $faults (printf "autoscaling.minReplicas is %v, more than autoscaling.maxReplicas, %v" .minReplicas .maxReplicas) -}}
{{- else if or (lt (int $agent.replicaCount) (int .minReplicas)) (gt (int $agent.replicaCount) (int .maxReplicas)) -}}
{{- $faults = append $faults (printf "agent.replicaCount is %v, outside of autoscaling.minReplicas to maxReplicas, %v to %v: a new release starts with replicaCount, set it between them" $agent.replicaCount .minReplicas .maxReplicas) -}}
{{- end -}}
{{- if not (or .targetCPUUtilizationPercentage .targetMemoryUtilizationPercentage) -}}
{{- $faults = append $faults "autoscaling.enabled is true, but there is nothing to scale by: set targetCPUUtilizationPercentage or targetMemoryUtilizationPercentage" -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- with .Values.podDisruptionBudget -}}
{{- if .enabled -}}
{{- $least := include "task-api.leastReplicas" $ | int -}}
{{- $gone := print .maxUnavailable -}}
{{- $stay := print .minAvailable -}}
{{- if eq (empty $gone) (empty $stay) -}}
{{- $faults = append $faults "podDisruptionBudget needs one of maxUnavailable and minAvailable: set the other to \"\"" -}}
{{- else if and $gone (eq (trimSuffix "%" $gone | int) 0) -}}
{{- $faults = append $faults (printf "podDisruptionBudget.maxUnavailable is %s, which blocks every eviction: no node could be drained" $gone) -}}
{{- else if and $stay (gt $least 1) -}}
{{- /* Kubernetes rounds a percentage up. */ -}}
{{- $needed := hasSuffix "%" $stay | ternary (div (add (mul (trimSuffix "%" $stay | int) $least) 99) 100) (int $stay) -}}
{{- if ge (int $needed) $least -}}
{{- $faults = append $faults (printf "podDisruptionBudget.minAvailable is %s of %d agents, which blocks every eviction: no node could be drained" $stay $least) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if ge (int $agent.preStopSeconds) (int $agent.terminationGracePeriodSeconds) -}}
{{- $faults = append $faults (printf "agent.preStopSeconds is %v, which leaves nothing of agent.terminationGracePeriodSeconds, %v, to end in" $agent.preStopSeconds $agent.terminationGracePeriodSeconds) -}}
{{- end -}}
{{- $faults | toJson -}}
{{- end -}}

{{- define "task-api.check.routes" -}}
{{- $faults := list -}}
{{- if and .Values.ingress.enabled (not .Values.ingress.hosts) -}}
{{- $faults = append $faults "ingress.enabled is true: set ingress.hosts" -}}
{{- end -}}
{{- if and .Values.httpRoute.enabled (not .Values.httpRoute.parentRefs) -}}
{{- $faults = append $faults "httpRoute.enabled is true: set httpRoute.parentRefs, the Gateways it belongs to" -}}
{{- end -}}
{{- $faults | toJson -}}
{{- end -}}

{{- define "task-api.check.backup" -}}
{{- $faults := list -}}
{{- with .Values.backup -}}
{{- if .enabled -}}
{{- if eq (empty .existingClaim) (empty .s3.bucket) -}}
{{- $faults = append $faults "backup.enabled is true: set one of backup.existingClaim and backup.s3.bucket, where the backups go" -}}
{{- else if and .s3.bucket (not .s3.existingSecret) -}}
{{- $faults = append $faults "backup.s3.bucket is set: set backup.s3.existingSecret, a Secret with access-key-id and secret-access-key" -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- $faults | toJson -}}
{{- end -}}
